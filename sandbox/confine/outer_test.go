package confine_test

func outer(args string) int { return 0 }

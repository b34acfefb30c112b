package netns

// Answer is answer.
func Answer(n *Names, message []byte) []byte { return n.answer(message) }

package limits

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// units are the suffixes of a size, each 1024 times the one before.
const units = "kmgt"

// ParseSize reads a size as "512m" or "8g": a whole number and one of k, m, g
// and t, by 1024. A number alone is not taken: nobody means bytes.
func ParseSize(text string) (int64, error) {
	wrong := errors.New("want a whole number and one of k, m, g or t, such as 512m or 8g")
	if text == "" {
		return 0, wrong
	}
	digits, unit := text[:len(text)-1], strings.IndexByte(units, text[len(text)-1]|0x20)
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || unit < 0 {
		return 0, wrong
	}
	shift := 10 * (unit + 1)
	if n == 0 || n > math.MaxInt64>>shift {
		return 0, errors.New("out of range")
	}
	return int64(n) << shift, nil
}

// Size writes bytes for people: "0 B", "1.5 GiB".
func Size(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	f, unit := float64(n), 0
	for f >= 1024 && unit < len(units) {
		f /= 1024
		unit++
	}
	text := strings.TrimSuffix(strconv.FormatFloat(f, 'f', 1, 64), ".0")
	return fmt.Sprintf("%s %ciB", text, units[unit-1]-0x20)
}

package emulator

import (
	"strconv"
	"strings"
	"time"
)

// Duration reads a duration of ISO 8601 in whole days, hours, minutes and seconds,
// such as "P1DT10M".
func Duration(text string) (d time.Duration, ok bool) {
	duration, isDuration := strings.CutPrefix(text, "P")
	days, clock, timed := strings.Cut(duration, "T")
	n, err := strconv.Atoi(strings.TrimSuffix("0"+days, "D"))
	d, malformed := time.ParseDuration(strings.ToLower("0s" + clock))
	if !isDuration || duration == "" || err != nil || malformed != nil || timed != (clock != "") {
		return 0, false
	}
	return d + time.Duration(n)*24*time.Hour, true
}

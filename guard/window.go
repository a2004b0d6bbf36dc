package guard

import "time"

// eighths is in how many slices a window is counted. One more is kept, so that the
// slices together always cover the whole window.
const eighths = 8

// A window counts by slices of time. Slice n begins at n times the width. Times are
// microseconds of the store's clock.
type window struct {
	width  int64
	head   int64 // the newest slice
	counts [eighths + 1]uint32
}

// widthOf is the width of a slice: an eighth, rounded up.
func widthOf(l Limit) int64 {
	return max((l.Window.Microseconds()+eighths-1)/eighths, 1)
}

// roll moves on to now. A window of another width keeps what it has counted in its
// newest slice: a setting that was changed gives nobody a second budget. So does a
// clock that went back.
func (w *window) roll(now int64, l Limit) {
	width := widthOf(l)
	if w.width == width && uint64(now-w.head*width) < uint64(width) { //nolint:gosec // below zero is far above
		return
	}
	if w.width != width {
		var sum int64
		if w.width != 0 {
			w.move(now / w.width)
			sum = w.sum()
		}
		*w = window{width: width, head: now / width}
		*w.at(w.head) = uint32(min(sum, maxCount))
		return
	}
	w.move(now / w.width)
}

// move makes slice the newest one.
func (w *window) move(slice int64) {
	if slice-w.head > eighths {
		w.counts, w.head = [eighths + 1]uint32{}, slice
	}
	for w.head < slice {
		w.head++
		*w.at(w.head) = 0
	}
}

const maxCount = 1<<32 - 1

func (w *window) at(slice int64) *uint32 { return &w.counts[slice%(eighths+1)] }

func (w *window) sum() (n int64) {
	for _, c := range w.counts {
		n += int64(c)
	}
	return n
}

// wait is how long n more do not fit; zero if they do.
func (w *window) wait(now, n int64, l Limit) time.Duration {
	w.roll(now, l)
	over := w.sum() + n - l.Sends
	if over <= 0 {
		return 0
	}
	end := w.head + 1 // nothing of it would help: n is more than the limit
	for slice := w.head - eighths; slice <= w.head; slice++ {
		if slice < 0 {
			continue
		}
		if over -= int64(*w.at(slice)); over <= 0 {
			end = slice + eighths + 1
			break
		}
	}
	return time.Duration(max(end*w.width-now, 1)) * time.Microsecond
}

func (w *window) add(now, n int64, l Limit) {
	w.roll(now, l)
	c := w.at(w.head)
	*c = uint32(min(int64(*c)+n, maxCount)) //nolint:gosec // it fits
}

// take takes back what was added at some time, if its slice is still counted.
func (w *window) take(at, n int64) {
	if w.width == 0 {
		return
	}
	slice := at / w.width
	if slice > w.head || slice < w.head-eighths || slice < 0 {
		return
	}
	c := w.at(slice)
	*c = uint32(max(int64(*c)-n, 0)) //nolint:gosec // it fits
}

// end is when nothing counts any more.
func (w *window) end() int64 { return (w.head + eighths + 1) * w.width }

package driver

import (
	"bytes"
	"net/http"
	"strconv"
)

// An answer follows one HTTP/1.1 answer to its end, to the byte. What it cannot
// follow it leaves to net/http.
type answer struct {
	part    part
	line    [maxLine]byte
	used    int // of line
	status  int64
	length  int64 // of the body; below zero: until the connection ends
	chunked bool
	left    int64 // of the body or the chunk
}

type part int

const (
	partStatus part = iota
	partHeader
	partBody
	partSize
	partChunk
	partChunkEnd
	partTrailer
	partEndless
)

const maxLine = 64 // enough for the lines that count

// feed reads p and returns where the answer ends, or len(p).
func (a *answer) feed(p []byte) (end int, complete bool) {
	for end < len(p) {
		switch a.part {
		case partEndless:
			return len(p), false
		case partBody, partChunk:
			n := min(a.left, int64(len(p)-end))
			end, a.left = end+int(n), a.left-n
			complete = a.left == 0 && a.endBody()
		default:
			n, whole := a.readLine(p[end:])
			end += n
			complete = whole && a.endLine()
		}
		if complete {
			*a = answer{}
			return end, true
		}
	}
	return end, false
}

func (a *answer) readLine(p []byte) (n int, whole bool) {
	n = bytes.IndexByte(p, '\n') + 1
	whole = n > 0
	if !whole {
		n = len(p)
	}
	a.used += copy(a.line[a.used:], p[:n])
	return n, whole
}

func (a *answer) endBody() (complete bool) {
	if a.part == partBody {
		return true
	}
	a.part = partChunkEnd
	return false
}

func (a *answer) endLine() (complete bool) {
	line := bytes.TrimRight(a.line[:a.used], "\r\n")
	a.used = 0
	switch a.part {
	case partStatus:
		if len(line) >= len("HTTP/1.1 200") {
			a.status = number(line[9:12], 10)
		}
		a.part, a.length = partHeader, -1
	case partHeader:
		if len(line) > 0 {
			a.header(line)
			return false
		}
		return a.endHead()
	case partChunkEnd:
		a.part = partSize
	case partSize:
		size, _, _ := bytes.Cut(line, []byte(";"))
		a.left = number(bytes.TrimSpace(size), 16)
		a.part = partChunk
		if a.left == 0 {
			a.part = partTrailer
		}
		if a.left < 0 {
			a.part = partEndless
		}
	case partTrailer:
		return len(line) == 0
	}
	return false
}

func (a *answer) header(line []byte) {
	key, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimSpace(value)
	switch {
	case bytes.EqualFold(key, []byte("Content-Length")):
		a.length = number(value, 10)
	case bytes.EqualFold(key, []byte("Transfer-Encoding")):
		a.chunked = bytes.EqualFold(value, []byte("chunked"))
	}
}

func (a *answer) endHead() (complete bool) {
	switch {
	case a.status == http.StatusSwitchingProtocols:
		a.part = partEndless
	case a.status/100 == 1:
		*a = answer{} // the answer itself follows
	case a.status == http.StatusNoContent || a.status == http.StatusNotModified:
		return true
	case a.chunked:
		a.part = partSize
	case a.length < 0:
		a.part = partEndless
	default:
		a.part, a.left = partBody, a.length
		return a.length == 0
	}
	return false
}

// number reads digits of a base; -1 is anything else.
func number(digits []byte, base int) int64 {
	n, err := strconv.ParseUint(string(digits), base, 62)
	if err != nil {
		return -1
	}
	return int64(n) // of 62 bits
}

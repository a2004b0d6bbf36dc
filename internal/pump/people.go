package pump

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"
)

// A country has mobile numbers: calling code, what they may begin with, and how many
// digits stand behind the calling code.
type country struct {
	code   string
	begin  string // several, each as likely
	digits int
}

// countries are twenty. The last one is attacked.
var countries = [20]country{
	{"1", "201 202 212 213 305 312 404 415 469 503 512 602 617 702 718 786 813 832 917 972", 10},
	{"44", "74 75 77 78 79", 10}, {"49", "151 152 157 160 170 171 172 173 175 176 177 178 179", 11},
	{"33", "60 61 62 63 64 65 66 67 68 69 74 75 76 77 78", 9}, {"45", "20 21 22 23 24 25 26 27 28 29 30 31 40 41 42 50 51 52 53 60", 8},
	{"46", "70 72 73 76 79", 9}, {"47", "40 41 45 46 47 48 90 91 92 93 94 95 97 98 99", 8}, {"31", "61 62 63 64 65 68", 9},
	{"34", "60 61 62 63 64 65 66 67 68 69 71 72 74", 9}, {"39", "320 328 329 330 333 334 338 339 340 347 348 349 350 366 380 388 389 392", 10},
	{"48", "50 51 53 57 60 66 69 72 73 78 79 88", 9}, {"91", "70 72 73 74 75 76 77 78 79 80 81 82 83 84 85 86 87 88 89 90 91 92 93 94 95 96 97 98 99", 10},
	{"55", "119 219 319 419 519 619 719 819", 11}, {"52", "55 33 81 22 66", 10}, {"61", "40 41 42 43 44 45 46 47 48 49", 9},
	{"81", "70 80 90", 10}, {"82", "10", 10}, {"27", "60 61 71 72 73 74 76 78 79 82 83 84", 9}, {"234", "70 80 81 90 91", 10},
	{"62", "811 812 813 815 816 817 818 819 821 822 823 831 852 853 857 858 859 877 878 881 882 895 896 897", 11},
}

const attacked = len(countries) - 1

// number is one of a country at random.
func (c country) number(dice *rand.Rand) string {
	begins := strings.Fields(c.begin)
	text := c.code + begins[dice.IntN(len(begins))]
	for len(text) < len(c.code)+c.digits {
		text += strconv.Itoa(dice.IntN(10))
	}
	return "+" + text
}

// ranged is one of the pump's numbers: all of one range of so many subscribers.
func ranged(dice *rand.Rand, subscribers int) string {
	tail := fmt.Sprint(subscribers)[1:]
	begin := "+62" + "81234567890"[:countries[attacked].digits-len(tail)]
	return begin + fmt.Sprintf("%0*d", len(tail), dice.IntN(subscribers))
}

// address is one of the internet at random.
func address(dice *rand.Rand) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(11 + dice.IntN(80)), byte(dice.IntN(256)), byte(dice.IntN(256)), byte(1 + dice.IntN(254))}) //nolint:gosec // below 256
}

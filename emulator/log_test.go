package emulator_test

import (
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/emulator"
)

func TestLogKeepsTheLastThousandMessagesButCountsAll(t *testing.T) {
	var l emulator.Core
	for i := range 1234 {
		l.Deliver(emulator.Message{Code: strconv.Itoa(i)})
	}
	messages := l.Messages()
	require.Len(t, messages, 1000)
	assert.Equal(t, "234", messages[0].Code)
	assert.Equal(t, "1233", messages[999].Code)
	assert.Equal(t, 1234, l.Effects())
}

func TestSubscribersGetMessagesUntilTheyCancel(t *testing.T) {
	var l emulator.Core
	var early, late []string
	cancel := l.Subscribe(func(m emulator.Message) {
		early = append(early, m.Code)
		assert.Len(t, l.Messages(), len(early), "a subscriber finds the message in the log")
	})
	l.Deliver(emulator.Message{Code: "1"})
	l.Subscribe(func(m emulator.Message) { late = append(late, m.Code) })
	l.Deliver(emulator.Message{Code: "2"})
	cancel()
	cancel()
	l.Deliver(emulator.Message{Code: "3"})

	assert.Equal(t, []string{"1", "2"}, early)
	assert.Equal(t, []string{"2", "3"}, late)
}

func TestSubscribersGetMessagesInOneOrder(t *testing.T) {
	var l emulator.Core
	var got []emulator.Message
	l.Subscribe(func(m emulator.Message) { got = append(got, m) })

	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				l.Deliver(emulator.Message{Code: strconv.Itoa(i*50 + j)})
			}
		})
	}
	wg.Wait()
	assert.Equal(t, l.Messages(), got)
}

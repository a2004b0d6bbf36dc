package emulator_test

import (
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/internal/emulator"
)

func TestLogKeepsTheLastThousandMessagesButCountsAll(t *testing.T) {
	var l emulator.Log
	for i := range 1234 {
		l.Add(emulator.Message{Code: strconv.Itoa(i)})
	}
	messages := l.Messages()
	require.Len(t, messages, 1000)
	assert.Equal(t, "234", messages[0].Code)
	assert.Equal(t, "1233", messages[999].Code)
	assert.Equal(t, 1234, l.Effects())
}

func TestLogTellsSubscribersUntilTheyCancel(t *testing.T) {
	var l emulator.Log
	var early, late []string
	cancel := l.Subscribe(func(m emulator.Message) {
		early = append(early, m.Code)
		assert.Len(t, l.Messages(), len(early), "a subscriber finds the message in the log")
	})
	l.Add(emulator.Message{Code: "1"})
	l.Subscribe(func(m emulator.Message) { late = append(late, m.Code) })
	l.Add(emulator.Message{Code: "2"})
	cancel()
	cancel()
	l.Add(emulator.Message{Code: "3"})

	assert.Equal(t, []string{"1", "2"}, early)
	assert.Equal(t, []string{"2", "3"}, late)
}

func TestLogTellsOneOrderToAllWhoListen(t *testing.T) {
	var l emulator.Log
	var heard []emulator.Message
	l.Subscribe(func(m emulator.Message) { heard = append(heard, m) })

	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				l.Add(emulator.Message{Code: strconv.Itoa(i*50 + j)})
			}
		})
	}
	wg.Wait()
	assert.Equal(t, l.Messages(), heard)
}

package sqlstore

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// In a transaction a call that is made again finds its own id.
func TestARecordOfSeenKnowsCallsThatAreMadeAgain(t *testing.T) {
	t.Parallel()
	var s sight
	assert.Equal(t, changed, s.begin("one", 10, 100))
	assert.Equal(t, kept, s.begin("one", 10, 101))
	assert.Equal(t, int64(110), s.Until, "made again, and no longer")
	assert.Equal(t, changed, s.release("free", 102))
	assert.Equal(t, changed, s.begin("two", 10, 103))
	assert.Equal(t, kept, s.release("free", 104), "it was made before the claim")
	assert.Equal(t, "two", s.ID)
	assert.Equal(t, changed, s.release("another", 105))
	s.Done = true
	assert.Equal(t, kept, s.release("another", 106))
}

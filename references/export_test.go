package references

// Len returns how many references and ids are kept.
func (m *Memory) Len() (entries, ids int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.entries), len(m.taken)
}

package hub

// Rooms is how many rooms are in memory.
func (h *Hub) Rooms() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.rooms)
}

// Bound is how many login sessions something is bound to, and Sockets how
// many people have one open.
func (h *Hub) Bound() (logins, people int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.bound), len(h.sockets)
}

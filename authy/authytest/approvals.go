package authytest

import (
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/go2fa/verify/internal/emulator"
)

const (
	maxQuestion   = 144
	defaultExpiry = 86400 // seconds
)

// requestApproval pushes a question to the app.
func (c call) requestApproval() (any, *failure) {
	seconds := defaultExpiry
	if text := c.params["seconds_to_expire"]; text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return nil, refusal(http.StatusBadRequest, 60004)
		}
		seconds = n
	}
	question := c.params["message"]
	if n := utf8.RuneCountInString(question); n < 1 || n > maxQuestion {
		return nil, missing("message")
	}
	a, f := c.admitApproval(approval{
		message: question, seconds: seconds, status: "pending", created: c.now, updated: c.now,
		details: c.params.under("details"), hidden: c.params.under("hidden_details"),
	})
	if f != nil {
		return nil, f
	}

	c.log.Add(c.push(a))
	return answer{"approval_request": answer{"uuid": a.uuid}, "success": true}, nil
}

func (c call) admitApproval(a approval) (approval, *failure) {
	s := c.state
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users[c.args[0]]
	switch {
	case u == nil:
		return a, userNotFound()
	case !u.app:
		return a, refusal(http.StatusBadRequest, 60051)
	}
	id := emulator.Hex(16)
	a.uuid = id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
	a.user = *u
	s.approvals[a.uuid] = &a
	return a, nil
}

func (c call) fetchApproval() (any, *failure) {
	c.state.mu.Lock()
	defer c.state.mu.Unlock()
	a := c.state.approvals[c.args[0]]
	if a == nil {
		f := refusal(http.StatusNotFound, 60049)
		f.message, f.bare = "Approval request not found: "+c.args[0], true
		return nil, f
	}
	a.settle(c.now)
	var processed any
	if a.status != "pending" {
		processed = a.updated.Format(time.RFC3339)
	}
	return answer{"success": true, "approval_request": answer{
		"_app_name": c.app, "_app_serial_id": 1, "_authy_id": a.user.number(), "_id": "000000000000000000000001",
		"_user_email": a.user.email, "app_id": appID, "user_id": "000000000000000000000002",
		"created_at": a.created.Format(time.RFC3339), "updated_at": a.updated.Format(time.RFC3339),
		"processed_at": processed, "notified": false, "seconds_to_expire": a.seconds,
		"status": a.status, "uuid": a.uuid,
	}}, nil
}

func (u user) number() int {
	n, _ := strconv.Atoi(u.id) // we made it
	return n
}

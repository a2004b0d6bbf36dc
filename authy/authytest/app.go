package authytest

// details tell of the application, as recorded in
// https://github.com/ck-developer/authy (tests/Mock/AuthyDetailsSuccess.txt).
func (c call) details() (any, *failure) {
	return answer{
		"app":     answer{"name": c.app, "plan": "starter", "sms_enabled": true, "app_id": 1, "onetouch_enabled": true},
		"message": "Application information.", "success": true,
	}, nil
}

// Package gherkin holds no code, only tests: the scenarios that the project CAMARA wrote
// for operators, run against the emulator of one, and against what our client makes of
// each answer.
//
// testdata holds the project's files one-time-password-sms-sendCode.feature,
// one-time-password-sms-validateCode.feature and one-time-password-sms.yaml as they are:
// https://github.com/camaraproject/OTPValidation, release r3.2, Apache License 2.0.
package gherkin

package verify_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// Formatters of money put no-break spaces and marks of direction into amounts.
// What they make is sent as it is, and one amount is one text at Send and Check.
func TestAmountsOfAllLanguagesFit(t *testing.T) {
	tests := map[string]struct{ amount, want string }{
		"English":                     {"\u20ac12,345.60", "\u20ac12,345.60"},
		"German":                      {"12.345,60\u00a0\u20ac", "12.345,60 \u20ac"},
		"French":                      {"12\u202f345,60\u00a0\u20ac", "12 345,60 \u20ac"},
		"Swiss German":                {"CHF\u00a012\u2019345.60", "CHF 12\u2019345.60"},
		"Swedish, below zero":         {"\u221212\u00a0345,60\u00a0kr", "\u221212 345,60 kr"},
		"Arabic":                      {"\u200f\u0661\u0662\u066b\u0665\u00a0\u062f.\u0625.\u200f", "\u200f\u0661\u0662\u066b\u0665 \u062f.\u0625.\u200f"},
		"Arabic, with a letter mark":  {"\u061c-12.50\u00a0\u062f.\u0625.", "\u061c-12.50 \u062f.\u0625."},
		"Persian":                     {"\u200e\u0631\u06cc\u0627\u0644\u00a0\u06f1\u06f2", "\u200e\u0631\u06cc\u0627\u0644 \u06f1\u06f2"},
		"Dari, with a non-joiner":     {"\u06f1\u06f2 \u06a9\u06cc\u067e\u200c\u0648\u0631\u062f", "\u06f1\u06f2 \u06a9\u06cc\u067e\u200c\u0648\u0631\u062f"},
		"Kannada, with a joiner":      {"12 \u0cab\u0ccd\u0cb0\u0cbe\u0c82\u0c95\u0ccd\u200d\u0c97\u0cb3\u0cc1", "12 \u0cab\u0ccd\u0cb0\u0cbe\u0c82\u0c95\u0ccd\u200d\u0c97\u0cb3\u0cc1"},
		"Kabuverdianu":                {"12\u00a0345$60\u00a0\u200b", "12 345$60 "},
		"an ideographic space":        {"12\u3000\u5186", "12 \u5186"},
		"spaces as they should stand": {"EUR 39.99", "EUR 39.99"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			option := verify.WithTransaction(tc.amount, tc.amount)
			want := verify.Transaction{Amount: tc.want, Payee: tc.want}

			sent, err := everything().SendRequest(phone, option)
			require.NoError(t, err)
			assert.Equal(t, want, sent.Transaction)
			checked, err := everything().CheckRequest(phone, "246801", option)
			require.NoError(t, err)
			assert.Equal(t, want, checked.Transaction)
			canceled, err := everything().SubjectRequest("cancel", phone, option)
			require.NoError(t, err)
			assert.Equal(t, want, canceled.Transaction)
		})
	}
}

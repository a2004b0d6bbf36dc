package email

import (
	"cmp"
	"strings"
)

// builtin are the subjects of this module, in the languages of package otp.
func builtin(language string) string {
	switch language {
	case "da":
		return "Din kode"
	case "de":
		return "Ihr Code"
	case "es":
		return "Su clave"
	case "fr":
		return "Votre code"
	case "it":
		return "Il suo codice"
	case "pt":
		return "O seu código"
	}
	return "Your code"
}

// subject is the one for a tag, or for the language it is a variety of.
func (cfg Config) subject(tag string) string {
	tag = strings.ToLower(tag)
	language, _, _ := strings.Cut(tag, "-")
	for ; tag != ""; tag = tag[:max(0, strings.LastIndexByte(tag, '-'))] {
		if s, ok := cfg.Subjects[tag]; ok {
			return s
		}
	}
	return cmp.Or(cfg.Subject, builtin(language))
}

// lowered copies subjects, by tag in lower case.
func lowered(subjects map[string]string) map[string]string {
	own := make(map[string]string, len(subjects))
	for tag, s := range subjects {
		own[strings.ToLower(tag)] = s
	}
	return own
}

func isTag(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

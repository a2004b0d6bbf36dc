package otp

import "strings"

// builtin are the texts of this module: GSM-7 throughout, so that a message is
// one SMS part whenever that is possible. That is why the Portuguese one does
// without the word for code, whose accent is not in GSM-7. Without a product they
// begin with the code.
func builtin(product string) map[string]Template {
	templates := map[string]Template{
		"en": {
			"{product}: {code} is your code. Never share it.",
			"{product}: {code} confirms {amount} to {payee}. Never share it.",
		},
		"de": {
			"{product}: {code} ist Ihr Code. Nie weitergeben.",
			"{product}: {code} gibt {amount} an {payee} frei. Nie weitergeben.",
		},
		"es": {
			"{product}: {code} es su clave. Nunca la comparta.",
			"{product}: {code} confirma {amount} para {payee}. Nunca comparta esta clave.",
		},
		"fr": {
			"{product}: {code} est votre code. Ne le partagez jamais.",
			"{product}: {code} confirme {amount} pour {payee}. Ne partagez jamais ce code.",
		},
		"da": {
			"{product}: {code} er din kode. Del den aldrig.",
			"{product}: {code} bekræfter {amount} til {payee}. Del aldrig denne kode.",
		},
		"pt": {
			"{product}: Use {code} para confirmar. Nunca o partilhe.",
			"{product}: Use {code} para confirmar {amount} para {payee}. Nunca o partilhe.",
		},
		"it": {
			"{product}: {code} è il suo codice. Non lo condivida mai.",
			"{product}: {code} conferma {amount} per {payee}. Non condivida mai questo codice.",
		},
	}
	if product == "" {
		for locale, t := range templates {
			templates[locale] = Template{strings.TrimPrefix(t.Code, "{product}: "), strings.TrimPrefix(t.Transaction, "{product}: ")}
		}
	}
	return templates
}

package vendors

import (
	"errors"

	"github.com/go2fa/verify/references"
)

// WithReferences is WithStore for the references of a vendor that checks a code by
// the id its send returned:
//
//	vendors.WithReferences("redis", redisstore.OpenReferences)
//
// References that hold connections have a method Closer() io.Closer or a Close.
func WithReferences(scheme string, open func(url string) (references.References, error)) Option {
	return &referencesOption{scheme, open}
}

type referencesOption struct {
	scheme string
	open   func(string) (references.References, error)
}

func (o *referencesOption) apply(to options) options {
	to.references = set(to.references, o.scheme, o.open)
	return to
}

// openReferences opens what the key references says, or nothing for a vendor that
// has no such key and for memory, which is the vendor's own default.
func (o options) openReferences(f filled) (references.References, error) {
	for root, config := range f.configs {
		r, ok := config.Interface().(referencing)
		if !ok || r.ReferencesURL == "" || r.ReferencesURL == memory {
			continue
		}
		refs, err := o.openReferencesAt(r.ReferencesURL)
		if err != nil {
			return nil, f.Explain(root, err)
		}
		return refs, nil
	}
	return nil, nil //nolint:nilnil // none are wanted
}

// openReferencesAt drops what a foreign opener says, which may quote the URL.
func (o options) openReferencesAt(url string) (references.References, error) {
	open := o.references[schemeIn(url)]
	if open == nil {
		return nil, errors.New("ReferencesURL must be memory, or a URL whose scheme was handed in by vendors.WithReferences")
	}
	refs, err := open(url)
	if err != nil || refs == nil {
		return nil, errors.New("ReferencesURL could not be opened: check its URL")
	}
	return refs, nil
}

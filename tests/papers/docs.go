package papers

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/go2fa/verify/internal/dsn"
)

const module = "github.com/go2fa/verify"

// Docs are the comments of types and fields, read from the source.
type docs struct {
	root  string
	types map[string]typeDoc // by package path and name
}

type typeDoc struct {
	text   string
	fields map[string]string
}

// of returns the comments of a struct of this module.
func (d docs) of(t reflect.Type) (typeDoc, error) {
	id := t.PkgPath() + "." + t.Name()
	if found, ok := d.types[id]; ok {
		return found, nil
	}
	folder := filepath.Join(d.root, filepath.FromSlash(strings.TrimPrefix(t.PkgPath(), module)))
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return typeDoc{}, err
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return typeDoc{}, err
		}
		for _, decl := range parsed.Decls {
			d.note(t.PkgPath(), decl)
		}
	}
	found, ok := d.types[id]
	if !ok {
		return found, fmt.Errorf("%s is not declared in %s", id, folder)
	}
	return found, nil
}

func (d docs) note(pkg string, decl ast.Decl) {
	group, ok := decl.(*ast.GenDecl)
	if !ok {
		return
	}
	for _, spec := range group.Specs {
		named, ok := spec.(*ast.TypeSpec)
		if !ok {
			continue
		}
		body, ok := named.Type.(*ast.StructType)
		if !ok {
			continue
		}
		doc := typeDoc{text: group.Doc.Text(), fields: map[string]string{}}
		for _, field := range body.Fields.List {
			for _, name := range field.Names {
				doc.fields[name.Name] = field.Doc.Text()
			}
		}
		d.types[pkg+"."+named.Name.Name] = doc
	}
}

// ownConfig is the vendor's exported Config, which one of package vendors may embed.
func ownConfig(t reflect.Type) reflect.Type {
	for i := range t.NumField() {
		if f := t.Field(i); f.Anonymous && f.Type.Kind() == reflect.Struct {
			return ownConfig(f.Type)
		}
	}
	return t
}

// setting returns what the comment of a setting's field says, in the words of a DSN.
func (d docs) setting(table dsn.Table, s dsn.Setting) (string, error) {
	doc, err := d.of(s.Owner)
	if err != nil {
		return "", err
	}
	text := doc.fields[s.Field]
	if text == "" {
		return "", fmt.Errorf("field %s of %s has no comment", s.Field, s.Owner)
	}
	if s.Map != nil && s.Also != "" {
		around, err := d.of(s.Map)
		if err != nil {
			return "", err
		}
		text = around.fields[s.InMap] + text
	}
	if s.IsList() {
		text += " Several have commas between."
	}
	if s.OneOf != nil {
		text += " One of: " + strings.Join(s.OneOf, ", ") + "."
	}
	text = dsn.Replace(strings.Join(strings.Fields(text), " "), table, s)
	return strings.ReplaceAll(text, "|", "\\|"), nil
}

package dsn

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The errors of files hold a path: none of it is passed on.
func TestFileErrorsKeepThePath(t *testing.T) {
	for name, tc := range map[string]struct{ err, want error }{
		"gone":           {&fs.PathError{Op: "open", Path: "/Zq9XkvJw", Err: fs.ErrNotExist}, errFileGone},
		"not permitted":  {&fs.PathError{Op: "open", Path: "/Zq9XkvJw", Err: fs.ErrPermission}, errFileDenied},
		"something else": {&fs.PathError{Op: "read", Path: "/Zq9XkvJw", Err: errors.New("is a directory")}, errFile},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, fileError(tc.err))
		})
	}
}

//go:build unix

package dbserver

import (
	"bufio"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Dir makes a folder for a server. It lies in memory where there is such a place: the
// servers keep their real settings, and a commit need not wait for a disk. Its path is
// short, as that of a socket must be.
func Dir() (string, error) {
	at := os.TempDir()
	if err := syscall.Access("/dev/shm", 7); err == nil {
		at = "/dev/shm"
	}
	dir, err := os.MkdirTemp(at, "sql")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755) //nolint:gosec // the server runs as another user
}

// As makes a command run as another user, whom dir belongs to: these servers refuse
// root.
func As(name, dir string, cmd *exec.Cmd) error {
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return err
		}
	}
	uid, _ := strconv.ParseUint(u.Uid, 10, 32)
	gid, _ := strconv.ParseUint(u.Gid, 10, 32)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	return os.Chown(dir, int(uid), int(gid))
}

// Program finds one on the PATH or where Debian puts the server's.
func Program(name string) (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) > 0 {
		return found[len(found)-1], nil
	}
	return exec.LookPath(name)
}

// Postgres makes a database in dir and starts its server, with options as -c takes them.
func Postgres(dir string, options ...string) (Server, error) {
	initdb, err := Program("initdb")
	if err != nil {
		return Server{}, err
	}
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		return Server{}, err
	}
	cmd := exec.Command(initdb, "-U", "postgres", "--auth=trust", "--no-sync", "--pgdata="+data) //nolint:gosec // a program of the system, for tests
	if err := As("postgres", data, cmd); err != nil {
		return Server{}, err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return Server{}, fmt.Errorf("initdb: %w: %s", err, out)
	}
	return ServePostgres(dir, options...)
}

// ServePostgres starts a server on what Postgres, or a backup, has left in dir.
func ServePostgres(dir string, options ...string) (Server, error) {
	binary, err := Program("postgres")
	if err != nil {
		return Server{}, err
	}
	if err := os.Chmod(dir, 0o777); err != nil { //nolint:gosec // for its socket
		return Server{}, err
	}
	args := []string{"-c", "unix_socket_directories=" + dir, "-c", "listen_addresses=", "-c", "max_connections=200"}
	for _, option := range options {
		args = append(args, "-c", option)
	}
	data := filepath.Join(dir, "data")
	cmd := exec.Command(binary, append(args, "-D", data)...) //nolint:gosec // a program of the system, for tests
	if err := As("postgres", data, cmd); err != nil {
		return Server{}, err
	}
	stop, err := Run(cmd, "ready to accept")
	return Server{URL: "postgres://postgres@/postgres?host=" + url.QueryEscape(dir), Stop: stop}, err
}

// MariaDB makes a database in dir and starts its server, with options of mariadbd.
func MariaDB(dir string, options ...string) (Server, error) {
	install, err := exec.LookPath("mariadb-install-db")
	if err != nil {
		return Server{}, err
	}
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		return Server{}, err
	}
	cmd := exec.Command(install, "--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", "--datadir="+data) //nolint:gosec // a program of the system, for tests
	if err := As("mysql", data, cmd); err != nil {
		return Server{}, err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return Server{}, fmt.Errorf("mariadb-install-db: %w: %s", err, out)
	}
	return ServeMariaDB(dir, options...)
}

// ServeMariaDB starts a server on what MariaDB has left in dir.
func ServeMariaDB(dir string, options ...string) (Server, error) {
	binary, err := exec.LookPath("mariadbd")
	if err != nil {
		return Server{}, err
	}
	if err := os.Chmod(dir, 0o777); err != nil { //nolint:gosec // for its socket
		return Server{}, err
	}
	socket := filepath.Join(dir, "s")
	args := []string{"--no-defaults", "--skip-networking", "--max-connections=300", "--socket=" + socket, "--pid-file=" + filepath.Join(dir, "data", "pid")}
	data := filepath.Join(dir, "data")
	cmd := exec.Command(binary, append(append(args, options...), "--datadir="+data)...) //nolint:gosec // a program of the system, for tests
	if err := As("mysql", data, cmd); err != nil {
		return Server{}, err
	}
	stop, err := Run(cmd, "ready for connections")
	if err != nil {
		return Server{}, err
	}
	s := Server{URL: "mysql://root@/verify?socket=" + url.QueryEscape(socket), Stop: stop}
	out, err := exec.Command("mariadb", "--no-defaults", "-uroot", "--socket="+socket, "-e", "CREATE DATABASE IF NOT EXISTS verify").CombinedOutput() //nolint:gosec // a program of the system, for tests
	if err != nil {
		return s, fmt.Errorf("%w: %s", err, out)
	}
	return s, nil
}

// guardian runs a program and kills it when its standard input ends: a server does not
// outlive the test that started it, even if that was killed.
const guardian = `exec 3<&0
"$@" 3<&- </dev/null &
server=$!
{ read -r _ <&3; kill -9 $server; } >/dev/null 2>&1 &
watch=$!
wait $server
kill $watch`

// Run returns once the server prints that it is ready.
func Run(cmd *exec.Cmd, ready string) (stop func(), err error) {
	cmd.Args = append([]string{"sh", "-c", guardian, "sh", cmd.Path}, cmd.Args[1:]...)
	cmd.Path = "/bin/sh"
	leash, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop = func() {
		_ = leash.Close()
		_ = cmd.Wait() // a second time it does nothing
	}
	var said strings.Builder
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), ready) {
			go func() {
				for lines.Scan() { // or its pipe would fill up
				}
			}()
			return stop, nil
		}
	}
	stop()
	return nil, fmt.Errorf("the server ended before it was ready: %s", said.String())
}

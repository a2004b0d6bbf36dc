package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// flags strip a program as those are that go into production.
var flags = []string{"build", "-trimpath", "-ldflags=-s -w", "-o", "app", "."}

// longEnough is a build that is not made again: its spread is small beside it.
const longEnough = 20 * time.Second

// build builds a program as often as asked, each time beside a fresh copy of the
// warm cache, and keeps the median.
func (s *study) build(dir string, f *print) error {
	if s.std == "" {
		_, err := command(dir, "", flags...)
		return err
	}
	var walls, cpus []time.Duration
	for range s.builds {
		cache, err := s.copyStd()
		if err != nil {
			return err
		}
		cmd := goCommand(dir, cache, flags...)
		began := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
		walls = append(walls, time.Since(began))
		cpus = append(cpus, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
		f.memory = max(f.memory, largest(cmd.ProcessState))
		if err := os.RemoveAll(cache); err != nil {
			return err
		}
		if walls[0] > longEnough {
			break
		}
	}
	slices.Sort(walls)
	slices.Sort(cpus)
	f.wall, f.cpu = walls[len(walls)/2], cpus[len(cpus)/2]
	return nil
}

func (s *study) copyStd() (string, error) {
	cache := filepath.Join(s.dir, "cache")
	return cache, os.CopyFS(cache, os.DirFS(s.std))
}

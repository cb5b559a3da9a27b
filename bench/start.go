package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/server/v3/embed"

	"github.com/duoplane/duoplane/bench/duoplane"
	"github.com/duoplane/duoplane/bench/harness"
	"github.com/duoplane/duoplane/bench/process"
	"github.com/duoplane/duoplane/bench/seed"
	"github.com/duoplane/duoplane/internal/durable"
)

const bareRestartCommand = "bare-restart"

// Figures of a start.
const (
	readyFigure  = "ready"
	memoryFigure = "memory"
	ownFigure    = "of that its own"
	usedFigure   = "memory in use"
)

// restart is P5.
func restart() harness.Measurement {
	none, ten, hundred, million := ownersName(0), ownersName(10_000), ownersName(100_000), ownersName(1_000_000)
	perOwner := func(figure string) func(harness.Round) float64 {
		return func(r harness.Round) float64 { return (r.Of(hundred, figure) - r.Of(none, figure)) / 100_000 }
	}
	return harness.Measurement{
		Name:  "P5",
		Title: "ready after kill -9, and memory",
		Notes: []string{
			"An owner is an SVM with a profile. Ready: from the start of the process, after a kill in the middle of its work, until it serves. Memory is what is resident once the process is ready and has nothing left to do; what is not its own is mapped from its program and from etcd's file, and the system takes it away when it needs it. In use: after a login by password, which takes 19 MiB for a moment, and a count of all profiles. Each round makes sure that the change acknowledged before the kill is there.",
			"Bare etcd: a process that starts the embedded etcd on the same files and does nothing else; ready when etcd's start returns.",
		},
		Start: startRestart,
		Aims: []harness.Aim{
			harness.Value(memoryFigure, none, harness.Bytes).AtMost(60e6),
			harness.Aim{Text: "memory an owner, of 100,000", Of: perOwner(memoryFigure), Unit: harness.Bytes}.AtMost(2048),
			{Text: "its own memory an owner, of 100,000", Of: perOwner(ownFigure), Unit: harness.Bytes},
			harness.Value(readyFigure, ten, harness.Seconds).AtMost(0.150),
			harness.Value(readyFigure, million, harness.Seconds).AtMost(5),
			harness.Ratio(readyFigure, ten, bareEtcd(ten)),
			harness.Ratio(readyFigure, million, bareEtcd(million)),
		},
	}
}

// bareEtcd is the side of the etcd alone beside another.
func bareEtcd(side string) string { return "bare etcd, " + side }

func startRestart(ctx context.Context, env *harness.Env) (sides []harness.Side, err error) {
	for _, n := range harness.Pick(env, []int{0, 10_000, 100_000, 1_000_000}, []int{0, 10_000}) {
		dir, err := stock(ctx, env, n)
		if err != nil {
			return nil, err
		}
		p := &phoenix{binary: env.Binary, dir: dir, path: duoplane.ProfilesPath + "/" + seed.UUID(n/2)}
		if n == 0 {
			p.path = ""
		}
		if err := p.prepare(ctx); err != nil {
			return nil, err
		}
		sides = append(sides, harness.Side{Name: ownersName(n), Run: p.turn})
		if n > 0 && n != 100_000 {
			sides = append(sides, harness.Side{Name: bareEtcd(ownersName(n)), Run: func(ctx context.Context, _ int) (harness.Figures, error) {
				return restartBare(ctx, dir)
			}})
		}
	}
	return sides, nil
}

// A phoenix is a server that is killed in every round.
type phoenix struct {
	binary, dir string
	path        string // of the profile that it changes; "" where there is none
	written     string // the comment that was acknowledged last
}

// prepare makes the first kill.
func (p *phoenix) prepare(ctx context.Context) error {
	server, err := duoplane.Serve(ctx, p.binary, p.dir)
	if err != nil {
		return err
	}
	return p.die(ctx, server, "before the rounds")
}

// die has a change acknowledged and kills the server.
func (p *phoenix) die(ctx context.Context, server *duoplane.Server, comment string) error {
	defer server.Kill()
	if p.path == "" {
		return nil
	}
	_, _, err := server.Do(ctx, http.MethodPatch, p.path, fmt.Sprintf(`{"comment":%q}`, comment), http.StatusOK)
	p.written = comment
	return err
}

func (p *phoenix) turn(ctx context.Context, round int) (f harness.Figures, err error) {
	server, err := duoplane.Serve(ctx, p.binary, p.dir)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			server.Kill()
		}
	}()
	if f, err = started(ctx, server.Process); err != nil {
		return nil, err
	}
	if err := p.look(ctx, server); err != nil {
		return nil, err
	}
	used, err := server.Memory()
	if err != nil {
		return nil, err
	}
	f = append(f, harness.Figure{Name: usedFigure, Value: used.Resident, Unit: harness.Bytes})
	return f, p.die(ctx, server, fmt.Sprintf("round %d", round))
}

// look makes sure that nothing is lost and has everything read once.
func (p *phoenix) look(ctx context.Context, server *duoplane.Server) error {
	if p.path != "" {
		_, body, err := server.Do(ctx, http.MethodGet, p.path+"?fields=comment", "", http.StatusOK)
		if err != nil {
			return err
		}
		if !bytes.Contains(body, []byte(`"`+p.written+`"`)) {
			return fmt.Errorf("the change %q, which was acknowledged, is lost: %s", p.written, body)
		}
	}
	_, _, err := server.Do(ctx, http.MethodGet, duoplane.ProfilesPath+countQuery, "", http.StatusOK)
	return err
}

// restartBare starts etcd alone on a server's files, and kills it.
func restartBare(ctx context.Context, dir string) (harness.Figures, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	ready := dir + ".bare.json"
	var told struct{}
	p, err := process.Start(ctx, process.Command{Program: self, Args: []string{bareRestartCommand, dir, ready}, Ready: ready}, &told)
	if err != nil {
		return nil, err
	}
	defer p.Kill()
	return started(ctx, p)
}

// started are the figures of a process that has just become ready; its memory
// is looked at once it rests.
func started(ctx context.Context, p *process.Process) (harness.Figures, error) {
	if err := p.Rest(ctx); err != nil {
		return nil, err
	}
	m, err := p.Memory()
	return harness.Figures{
		harness.Took(readyFigure, p.Took),
		{Name: memoryFigure, Value: m.Resident, Unit: harness.Bytes},
		{Name: ownFigure, Value: m.Own, Unit: harness.Bytes},
		{Name: "peak", Value: m.Peak, Unit: harness.Bytes},
	}, err
}

// serveBareRestart is that process.
func serveBareRestart(ctx context.Context, args []string, _ io.Reader, _ io.Writer) error {
	cfg, err := etcdConfig(filepath.Join(args[0], "store", "etcd"), "duoplane")
	if err != nil {
		return err
	}
	etcd, err := embed.StartEtcd(cfg)
	if err != nil {
		return err
	}
	defer etcd.Close()
	if err := durable.Replace(args[1], []byte("{}"), 0o600); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

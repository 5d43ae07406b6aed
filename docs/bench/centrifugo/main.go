// Centrifugo is put under the loads of hearth bench, by the same generator, as
// something to compare with: Centrifugo hands messages to those who are
// connected, from memory, and Hearth does so after they are on the disk. Take
// ratios of runs right after each other on one machine.
//
//	GOBIN=/tmp go install github.com/centrifugal/centrifugo/v6@v6.9.1
//	go run ./docs/bench/centrifugo fanout --binary /tmp/centrifugo --rooms 10 --members 20 --pipeline 8
//	hearth bench fanout --rooms 10 --members 20 --pipeline 8
//
// Its words are fanout, idle, poll and catchup; the flags are those of hearth
// bench. peer.go is its protocol (JSON over WebSocket), process.go its process.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"hearth/internal/bench"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// flags are of all words.
type flags struct {
	binary, dir             string
	asJSON, history         bool
	load                    bench.Load
	connections, devices    int
	pollers, actions, times int
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("fanout, idle, poll or catchup is missing")
	}
	var o flags
	f := flag.NewFlagSet(args[0], flag.ContinueOnError)
	f.StringVar(&o.binary, "binary", "centrifugo", "the `program`")
	f.StringVar(&o.dir, "dir", "", "a `directory` for its configuration")
	f.BoolVar(&o.asJSON, "json", false, "print one JSON object")
	f.BoolVar(&o.history, "history", false, "keep history in memory, with offsets and recovery; poll and catchup do in any case")
	f.IntVar(&o.load.Rooms, "rooms", 10, "channels")
	f.IntVar(&o.load.Members, "members", 20, "subscribers of each")
	f.IntVar(&o.load.Pipeline, "pipeline", 8, "messages under way in each channel")
	f.Float64Var(&o.load.Rate, "rate", 0, "messages a second in each, instead")
	f.IntVar(&o.load.Size, "size", 250, "of a message's text, in `bytes`")
	f.DurationVar(&o.load.Warmup, "warmup", time.Second, "`time` not measured")
	f.DurationVar(&o.load.Duration, "duration", 5*time.Second, "`time` measured")
	f.IntVar(&o.connections, "connections", 1000, "idle ones")
	f.IntVar(&o.devices, "devices", 1, "idle connections of one person")
	f.IntVar(&o.pollers, "pollers", 16, "how many ask for news")
	f.IntVar(&o.actions, "actions", 20_000, "messages to catch up with")
	f.IntVar(&o.times, "times", 5, "how often they are read")
	if err := f.Parse(args[1:]); err != nil {
		return err
	}
	word := args[0]
	if word == "poll" || word == "catchup" {
		o.history = true
	}
	bench.Tune()
	dir, remove, err := bench.WorkDir(o.dir)
	if err != nil {
		return err
	}
	defer remove()
	machine, err := bench.ThisMachine(dir)
	if err != nil {
		return err
	}
	c, err := start(ctx, o.binary, dir, o.history, o.actions)
	if err != nil {
		return err
	}
	defer c.stop()
	say := bench.ToWriter(os.Stderr)
	var rep *bench.Report
	switch word {
	case "fanout":
		rep, err = bench.Fanout(ctx, c, o.load, c.server(), say)
	case "idle":
		load := bench.IdleLoad{Connections: o.connections, Members: o.load.Members, Devices: o.devices, Duration: o.load.Duration}
		rep, err = bench.Idle(ctx, c, load, c.server(), nil, say)
	case "poll":
		rep, err = c.poll(ctx, bench.PollLoad{Pollers: o.pollers, Warmup: o.load.Warmup, Duration: o.load.Duration}, say)
	case "catchup":
		rep, err = c.catchup(ctx, o.actions, o.load.Size, o.times, say)
	default:
		err = fmt.Errorf("%q is not fanout, idle, poll or catchup", word)
	}
	if err != nil {
		return err
	}
	rep.Machine = machine
	return rep.Print(os.Stdout, o.asJSON)
}

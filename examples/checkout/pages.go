package main

import (
	"bytes"
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"sync"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/examples/checkout/shop"
	html "github.com/taskchain-go/taskchain/report" // this program has a report of its own
)

// pages is the folder of -report: a page an order, and one over all of them. Nil
// ones show nothing.
type pages struct {
	plan  *builder.Plan[shop.Order]
	files *archive

	mu      sync.Mutex
	entries []html.Entry
}

func newPages(plan *builder.Plan[shop.Order], files *archive) *pages {
	if files == nil {
		return nil
	}
	return &pages{plan: plan, files: files}
}

// add writes the page of an order that has ended, and remembers it for the overview.
func (p *pages) add(before shop.Order, exec *chain.ExecutionContext[shop.Order]) error {
	if p == nil {
		return nil
	}
	made := html.New(p.plan, exec, html.Before(before))
	name := "order-" + fileName(exec.ID) + ".html"
	p.mu.Lock()
	p.entries = append(p.entries, html.Entry{Summary: made.Summary(), Link: url.PathEscape(name)})
	p.mu.Unlock()
	var page bytes.Buffer
	if err := made.WriteHTML(&page); err != nil {
		return err
	}
	if err := p.files.write(name, page.Bytes()); err != nil {
		return fmt.Errorf("the page of order %s is not written: %w", exec.ID, err)
	}
	return nil
}

// finish writes the overview.
func (p *pages) finish() error {
	if p == nil {
		return nil
	}
	slices.SortFunc(p.entries, func(a, b html.Entry) int { return cmp.Compare(a.ID, b.ID) })
	var page bytes.Buffer
	if err := html.WriteOverview(&page, "checkout", p.entries); err != nil {
		return err
	}
	if err := p.files.write("index.html", page.Bytes()); err != nil {
		return fmt.Errorf("the overview is not written: %w", err)
	}
	return nil
}

package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"image"
	_ "image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/internal/tool"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/report"
	"github.com/taskchain-go/taskchain/runner"
)

var shots = flag.String("shots", "", "a folder to keep pages and pictures of them in, to be looked at")

// strange are names that could break a page or not fit into a box.
func strange() *builder.Plan[*order] {
	b := chain.New[*order]().Named(`"quotes" & <brackets>`).OnFailure(policy.Continue)
	for _, name := range []string{
		`a "quoted" name`, "<b>bold</b>"[:7], "it's 100% [done] {now} (really)", "größe", "注文を確認する", "🚀 start", "e\u0301tude",
		"tab\there", "MMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMM", "注文を確認して支払いを受け付け商品を発送する手続き", "&amp; &lt;", " spaced ",
	} {
		b = b.Parallel("all of "+name, chain.New[*order]().
			Step(name, breaks(1, 0, name)).Retry(policy.Fixed(2, 0)).Compensate(takes(0, "")).
			Process("in "+name, chain.New[*order]().Step(name, breaks(1, 0, name)))).Builder
	}
	return b.MustBuild()
}

// measure asks the browser which texts stick out of their boxes, and whether the
// page is wider than the window. It is added to a copy of the page.
const measure = `<script>
const out = []
for (const g of document.querySelectorAll("g.box")) {
  const rect = g.querySelector("rect").getBBox()
  for (const text of g.querySelectorAll("text")) {
    const b = text.getBBox()
    if (b.x < rect.x || b.y < rect.y || b.x + b.width > rect.x + rect.width || b.y + b.height > rect.y + rect.height)
      out.push(text.textContent + ": " + JSON.stringify([b.x, b.width, rect.x, rect.width]))
  }
}
if (document.documentElement.scrollWidth > innerWidth) out.push("the page is " + document.documentElement.scrollWidth + " wide")
document.body.insertAdjacentHTML("beforeend", "<pre id=measured></pre>")
document.getElementById("measured").textContent = JSON.stringify({out, boxes: document.querySelectorAll("g.box").length,
  names: [...document.querySelectorAll("g.box title")].map(t => t.textContent.replace(/ \((step|async step|process|parallel)\): [^]*$/, "")),
  rows: [...document.querySelectorAll(".row .label")].map(t => t.title),
  bars: [...document.querySelectorAll(".row .bar")].every(b => b.getBoundingClientRect().width >= 3),
  dark: getComputedStyle(document.body).backgroundColor})
</script></body>`

type measured struct {
	Out         []string
	Boxes       int
	Names, Rows []string
	Bars        bool
	Dark        string
}

// Every page is looked at in a real browser: it complains of nothing, shows every
// step, lets nothing stick out, is dark for whom likes it dark, and prints.
func TestPagesInABrowser(t *testing.T) {
	browser := tool.FindBrowser(t)
	dir := t.TempDir()
	if *shots != "" {
		dir = *shots
	}
	odd, err := runner.NewSync(strange()).Run(t.Context(), newOrder())
	require.Error(t, err)
	for name, test := range map[string]struct {
		plan *builder.Plan[*order]
		exec *chain.ExecutionContext[*order]
	}{
		"trip":    {trip(), execute(t, trip()).Context},
		"strange": {strange(), odd.Context},
	} {
		t.Run(name, func(t *testing.T) {
			page := html(t, report.New(test.plan, test.exec, report.Before(newOrder())))
			url := write(t, dir, name+".html", page)
			var paths, ran []string
			marks := test.exec.Marks()
			for s := range test.plan.Steps() {
				paths = append(paths, quoted(s.Path))
				if marks[s.Path].State != builder.Untouched {
					ran = append(ran, quoted(s.Path))
				}
			}

			plain := browser.Open(t, url, "--dump-dom")
			require.Contains(t, plain, "</html>")
			require.NotContains(t, plain, "ZgotmplZ")

			ground := map[string]bool{}
			for _, flags := range [][]string{
				{"--blink-settings=preferredColorScheme=1", "--window-size=1280,2400"},
				{"--blink-settings=preferredColorScheme=0", "--window-size=500,2400"},
			} {
				m := measureIn(t, browser, dir, page, flags...)
				require.Empty(t, m.Out, "sticks out")
				require.Equal(t, paths, m.Names, "every step is in the plan")
				require.Equal(t, ran, m.Rows, "every step that had something to do is in the timeline")
				require.True(t, m.Bars, "every bar can be seen")
				ground[m.Dark] = true
			}
			require.Len(t, ground, 2, "dark and light")

			for picture, flags := range map[string][]string{
				"light": {"--window-size=1280,2400", "--blink-settings=preferredColorScheme=1"},
				"dark":  {"--window-size=1280,2400", "--blink-settings=preferredColorScheme=0"},
				"phone": {"--window-size=500,2400"},
			} {
				file := filepath.Join(dir, name+"-"+picture+".png")
				browser.Open(t, url, append(flags, "--screenshot="+file)...)
				require.Greater(t, colors(t, file), 20, "there is something to be seen")
			}
			pdf := filepath.Join(dir, name+".pdf")
			browser.Open(t, url, "--print-to-pdf="+pdf)
			printed, err := os.ReadFile(pdf)
			require.NoError(t, err)
			require.True(t, bytes.HasPrefix(printed, []byte("%PDF-")))
		})
	}
	t.Run("overview", func(t *testing.T) {
		var entries []report.Entry
		for i := range 40 {
			exec := odd.Context
			plan := strange()
			if i%3 == 0 {
				plan, exec = trip(), execute(t, trip()).Context
			}
			s := report.New(plan, exec).Summary()
			s.ID = fmt.Sprint("o-", 100+i)
			if i%5 < 2 {
				s.Status, s.Failures = chain.Succeeded, nil
			}
			entries = append(entries, report.Entry{Summary: s, Link: "trip.html"})
		}
		var b bytes.Buffer
		require.NoError(t, report.WriteOverview(&b, "trips of today", entries))
		url := write(t, dir, "index.html", b.String())
		dom := browser.Open(t, url, "--dump-dom")
		for _, e := range entries {
			require.Contains(t, dom, ">"+e.ID+"</a>")
		}
		for _, window := range []string{"--window-size=1280,1200", "--window-size=500,1200"} {
			require.Empty(t, measureIn(t, browser, dir, b.String(), window).Out)
		}
		file := filepath.Join(dir, "index.png")
		browser.Open(t, url, "--window-size=1280,2400", "--screenshot="+file)
		require.Greater(t, colors(t, file), 20)
	})
}

// The test above can fail: the browser finds a page that sticks out, and one that
// complains.
func TestTheBrowserFindsFaults(t *testing.T) {
	browser, dir := tool.FindBrowser(t), t.TempDir()
	page := html(t, report.New(trip(), execute(t, trip()).Context))
	wide := strings.Replace(page, "font: 14px", "font: 24px", 1)
	require.NotEmpty(t, measureIn(t, browser, dir, wide, "--window-size=1280,2400").Out)
}

func write(t *testing.T, dir, name, page string) (url string) {
	t.Helper()
	file := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(file, []byte(page), 0o644))
	return "file://" + file
}

func measureIn(t *testing.T, browser tool.Browser, dir, page string, flags ...string) (m measured) {
	t.Helper()
	policy := regexp.MustCompile(`<meta http-equiv="Content-Security-Policy"[^>]*>`) // it lets no script run
	page = strings.Replace(policy.ReplaceAllString(page, ""), "</body>", measure, 1)
	dom := browser.Open(t, write(t, dir, "measured.html", page), append(flags, "--dump-dom")...)
	found := regexp.MustCompile(`(?s)<pre id="measured">(.*?)</pre>`).FindStringSubmatch(dom)
	require.NotNil(t, found)
	text := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&", "&nbsp;", "\u00a0").Replace(found[1])
	require.NoError(t, json.Unmarshal([]byte(text), &m))
	return m
}

// quoted is a path as it is shown.
func quoted(path string) string {
	if strings.ContainsAny(path, "\t") || strings.TrimSpace(path) != path {
		return fmt.Sprintf("%q", path)
	}
	return path
}

// colors is how many colors a picture has.
func colors(t *testing.T, file string) int {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	picture, _, err := image.Decode(f)
	require.NoError(t, err, errors.Join(err))
	seen := map[[3]uint32]bool{}
	for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y += 3 {
		for x := picture.Bounds().Min.X; x < picture.Bounds().Max.X; x += 3 {
			r, g, b, _ := picture.At(x, y).RGBA()
			seen[[3]uint32{r, g, b}] = true
		}
	}
	return len(seen)
}

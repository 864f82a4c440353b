package builder_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/internal/tool"
)

// drawn are the pictures that are rendered for real: every kind of step, of state
// and of meeting, and each strange name alone, so that the one that breaks a
// picture is known.
func drawn() map[string]struct {
	plan  *builder.Plan[Data]
	marks map[string]builder.Mark
} {
	type pair = struct {
		plan  *builder.Plan[Data]
		marks map[string]builder.Mark
	}
	all := map[string]pair{
		"checkout":          {checkout(), nil},
		"checkout marked":   {checkout(), checkoutMarks()},
		"everything":        {everything(), nil},
		"everything marked": {everything(), everyMark()},
		"strange":           {named(strange...), nil},
		"strange marked":    {named(strange...), strangeMarks()},
		"unnamed":           {chain.New[Data]().Step("only", pass).MustBuild(), nil},
	}
	for _, name := range strange {
		all[fmt.Sprintf("%q", name)] = pair{named(name), strangeMarks()}
	}
	return all
}

// printed is a text as pictures show it: what can't be seen, quoted.
func printed(text string) string {
	if strings.TrimSpace(text) != text || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fmt.Sprintf("%q", text)
	}
	return text
}

// squeeze leaves out what a renderer may change: spaces where lines are broken,
// and what joins words and is not seen.
func squeeze(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '\u2060' {
			return -1
		}
		return r
	}, text)
}

func TestGraphvizDrawsEveryPlan(t *testing.T) {
	dot := tool.Find(t, "dot")
	for name, test := range drawn() {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), dot, "-Tsvg")
			cmd.Stdin = strings.NewReader(test.plan.Picture(test.marks).DOT())
			var svg, complaints bytes.Buffer
			cmd.Stdout, cmd.Stderr = &svg, &complaints
			require.NoError(t, cmd.Run(), complaints.String())
			require.Empty(t, complaints.String(), "dot complains")
			groups := svgTexts(t, &svg)
			require.Contains(t, groups["plan"], squeeze(printed(cmp.Or(test.plan.Name(), "plan"))))
			for s := range test.plan.Steps() {
				group := fmt.Sprintf("s%d", s.Index)
				if s.Kind.Composite() {
					group = "cluster_" + group
				}
				require.Contains(t, groups[group], squeeze(printed(s.Name)), "in its own box")
				require.Contains(t, groups[group], squeeze(printed(s.Description)))
			}
		})
	}
}

// svgTexts is the text of each box of a drawing, by the box's name.
func svgTexts(t *testing.T, svg io.Reader) map[string]string {
	t.Helper()
	decoder := xml.NewDecoder(svg)
	byTitle := map[string]string{}
	var title, element string
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return byTitle
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.StartElement:
			element = token.Name.Local
		case xml.EndElement:
			element = ""
		case xml.CharData:
			switch element {
			case "title":
				title = string(token)
			case "text":
				byTitle[title] += squeeze(string(token))
			}
		}
	}
}

// drawMermaid has the browser draw all sources and say what is to be seen.
const drawMermaid = `<!DOCTYPE html><meta charset=utf-8><body><pre id=drawn>nothing</pre>
<script src="mermaid.min.js"></script>
<script>
mermaid.initialize({startOnLoad: false, securityLevel: "strict"})
;(async () => {
  const drawn = {}
  let n = 0
  for (const [name, source] of Object.entries(SOURCES)) {
    try {
      const {svg} = await mermaid.render("d" + n++, source)
      const at = document.createElement("div")
      at.innerHTML = svg
      const boxes = {}
      for (const g of at.querySelectorAll("g.node, g.cluster"))
        boxes[g.id.match(/s\d+(?=-|$)/)?.[0] || g.id] = g.textContent
      drawn[name] = {title: at.querySelector(".flowchartTitleText").textContent, boxes, html: [...at.querySelectorAll("a, img, b, i:not(.x), em, strong, code, ul, ol, h1, script")].map(e => e.outerHTML)}
    } catch (e) {
      drawn[name] = {fault: String(e)}
    }
  }
  document.getElementById("drawn").textContent = JSON.stringify(drawn)
})()
</script></body>`

func TestMermaidDrawsEveryPlan(t *testing.T) {
	dir := tool.Dir(t, "TASKCHAIN_MERMAID")
	browser := tool.FindBrowser(t)
	library, err := os.ReadFile(filepath.Join(dir, "node_modules/mermaid/dist/mermaid.min.js"))
	require.NoError(t, err)
	pages := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(pages, "mermaid.min.js"), library, 0o644))
	sources := map[string]string{"wrong on purpose": "flowchart TD\n    s1[unclosed"}
	for name, test := range drawn() {
		sources[name] = test.plan.Picture(test.marks).Mermaid()
	}
	list, err := json.Marshal(sources)
	require.NoError(t, err)
	page := strings.Replace(drawMermaid, "SOURCES", string(list), 1)
	require.NoError(t, os.WriteFile(filepath.Join(pages, "index.html"), []byte(page), 0o644))

	dom := browser.Open(t, "file://"+filepath.Join(pages, "index.html"), "--virtual-time-budget=100000", "--dump-dom")

	found := regexp.MustCompile(`(?s)<pre id="drawn">(.*?)</pre>`).FindStringSubmatch(dom)
	require.NotNil(t, found)
	var drawings map[string]struct {
		Fault, Title string
		Boxes        map[string]string
		HTML         []string
	}
	require.NoError(t, json.Unmarshal([]byte(html.UnescapeString(found[1])), &drawings), found[1])
	require.NotEmpty(t, drawings["wrong on purpose"].Fault, "what Mermaid can't read is a fault")
	for name, test := range drawn() {
		t.Run(name, func(t *testing.T) {
			got := drawings[name]
			require.Empty(t, got.Fault)
			require.Empty(t, got.HTML, "a name was read as Markdown or HTML")
			title := strings.NewReplacer("<", "‹", ">", "›").Replace(cmp.Or(test.plan.Name(), "plan"))
			require.Contains(t, squeeze(got.Title), squeeze(printed(title)))
			for s := range test.plan.Steps() {
				box := squeeze(got.Boxes[fmt.Sprintf("s%d", s.Index)])
				require.Contains(t, box, squeeze(printed(s.Name)), "in its own box")
				require.Contains(t, box, squeeze(printed(s.Description)))
			}
		})
	}
}

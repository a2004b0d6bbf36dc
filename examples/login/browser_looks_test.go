package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var screenshots = flag.String("screenshots", "", "a folder for a picture of every page")

// A glance is how a page looks in one light and on one screen.
type glance struct {
	Ground, Ink string
	Poor        []string // texts that are hard to read
	Faint       []string // fields whose border is hard to see
	Broken      []string // words that go on in the next line
}

// lookClosely takes the contrast of each text with what is behind it, as
// https://www.w3.org/TR/WCAG22/#contrast-minimum has it. What is disabled is
// exempt there.
const lookClosely = `(() => {
  const channels = (color) => { const c = color.match(/[\d.]+/g).map(Number); return c.length > 3 ? c : [...c, 1]; };
  const over = (top, under) => under.map((u, i) => i === 3 ? 1 : top[i] * top[3] + u * (1 - top[3]));
  const behind = (e) => {
    if (!e) return [255, 255, 255, 1];
    const own = channels(getComputedStyle(e).backgroundColor);
    return own[3] === 1 ? own : over(own, behind(e.parentElement));
  };
  const light = (c) => c.slice(0, 3).map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
  const about = (e, ratio) => e.tagName.toLowerCase() + "#" + e.id + "." + e.className + " " + ratio.toFixed(2);
  const poor = [], faint = [], broken = [], range = document.createRange();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const e = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !e.checkVisibility() || e.closest(":disabled, .hidden, .skip")) continue;
    const ratio = contrast(over(channels(getComputedStyle(e).color), behind(e)), behind(e));
    if (ratio < 4.5) poor.push(about(e, ratio));
    for (const word of texts.currentNode.data.matchAll(/[^\s-]+/g)) {
      range.setStart(texts.currentNode, word.index);
      range.setEnd(texts.currentNode, word.index + word[0].length);
      if (range.getClientRects().length > 1) broken.push(word[0]);
    }
  }
  for (const e of document.querySelectorAll("input:not([type=hidden], [type=checkbox], [type=radio], .hidden), select")) {
    const s = getComputedStyle(e);
    const ratio = contrast(channels(s.color), behind(e)), border = contrast(channels(s.borderTopColor), behind(e.parentElement));
    if (ratio < 4.5) poor.push(about(e, ratio));
    if (border < 3) faint.push(about(e, border));
  }
  const body = getComputedStyle(document.body);
  return { Ground: body.backgroundColor, Ink: body.color, Poor: poor, Faint: faint, Broken: broken };
})()`

// look has a page shown on a phone and on a desk, by day and by night, and takes a
// picture of each where they are wanted.
func (p *tab) look(name string) {
	p.t.Helper()
	p.hear()
	eval[chromedp.Void](p, `window.stop()`) // of a page that looks again by itself
	p.waitsForIcon()
	seen := map[string]glance{}
	for _, width := range []int{1280, phoneWidth} {
		p.resize(width)
		assert.LessOrEqual(p.t, eval[int](p, `document.documentElement.scrollWidth`), width, "%s scrolls sideways", name)
		for _, scheme := range []string{"dark", "light"} {
			command(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
			})
			seen[scheme] = eval[glance](p, lookClosely)
			assert.Empty(p.t, seen[scheme].Poor, "%s, %s: contrast below 4.5", name, scheme)
			assert.Empty(p.t, seen[scheme].Faint, "%s, %s: contrast of a border below 3", name, scheme)
			assert.Empty(p.t, seen[scheme].Broken, "%s, %d: words in two lines", name, width)
			p.picture(fmt.Sprintf("%s-%d-%s.png", name, width, scheme))
		}
		assert.NotEqual(p.t, seen["light"].Ground, seen["dark"].Ground, name)
		assert.NotEqual(p.t, seen["light"].Ink, seen["dark"].Ink, name)
	}
}

// waitsForIcon waits until the picture of the brand can be seen.
func (p *tab) waitsForIcon() {
	p.t.Helper()
	_, err := chromedp.Run(p.ctx, chromedp.Evaluate[int](`(async () => {
  const icon = new Image();
  icon.src = getComputedStyle(document.getElementById("brand"), "::before").backgroundImage.slice(5, -2);
  await icon.decode();
  return 1;
})()`, chromedp.EvalAwaitPromise))
	require.NoError(p.t, err)
}

func (p *tab) resize(width int) {
	p.t.Helper()
	p.width = width
	options := []chromedp.EmulateViewportOption{}
	if width == phoneWidth {
		options = append(options, chromedp.EmulateMobile)
		if *screenshots != "" {
			options = append(options, chromedp.EmulateScale(2))
		}
	}
	p.do("resize", chromedp.EmulateViewport(int64(width), phoneHeight, options...))
}

func (p *tab) picture(name string) {
	p.t.Helper()
	if *screenshots == "" {
		return
	}
	png, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	require.NoError(p.t, err, name)
	require.NoError(p.t, os.WriteFile(filepath.Join(*screenshots, name), png, 0o644))
}

// Prints what Intl.NumberFormat makes of an amount in every language it knows,
// one a line.
const letters = [...'abcdefghijklmnopqrstuvwxyz'];
const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
const regions = letters.flatMap((a) => letters.map((b) => (a + b).toUpperCase())).filter((r) => names.of(r));
const known = (tag) => new Intl.NumberFormat(tag).resolvedOptions().locale === tag;
const languages = letters.flatMap((a) => letters.flatMap((b) => [a + b, ...letters.map((c) => a + b + c)])).filter(known);
const locales = languages.flatMap((l) => [l, ...regions.map((r) => `${l}-${r}`).filter(known)]);

const lines = new Set();
for (const locale of locales) {
  for (const digits of ['', '-u-nu-native']) {
    for (const currency of ['EUR', 'CVE', 'IRR', 'ILS', 'XOF']) {
      for (const currencyDisplay of ['symbol', 'narrowSymbol', 'name']) {
        const format = new Intl.NumberFormat(locale + digits, { style: 'currency', currency, currencyDisplay });
        lines.add(format.format(-12345.6));
      }
    }
  }
}
process.stdout.write([...lines].join('\n') + '\n');

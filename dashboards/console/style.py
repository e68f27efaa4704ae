"""The console's look: calm, dense, readable; one style sheet, served by the console itself."""

STYLE = """
:root { --ink: #1f2d36; --soft: #5b6b75; --line: #dde4e8; --paper: #f3f6f8; --card: #ffffff; --accent: #33658a;
  --good: #2e7d32; --bad: #c62828; --unsure: #8a5a00; }
body, .q-layout { background: var(--paper); color: var(--ink);
  font-family: "Noto Sans", "Segoe UI", "DejaVu Sans", Roboto, sans-serif; font-size: 14px; }
.nicegui-content { padding: 0 !important; gap: 0 !important; align-items: stretch !important; }
.top { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 22px; padding: 10px 20px; background: #22384a;
  color: #fff; }
.top .name { font-size: 16px; font-weight: 600; margin-right: 8px; }
.top nav { display: flex; flex-wrap: wrap; gap: 2px; flex: 1; }
.top a { color: #cfdbe4; text-decoration: none; padding: 5px 11px; border-radius: 4px; }
.top a:hover { background: #2f4a60; color: #fff; }
.top a[aria-current=page] { background: #3c5f7a; color: #fff; font-weight: 600; }
.banner { padding: 6px 20px; font-weight: 600; background: #fff3d6; color: #6b4a00; border-bottom: 1px solid #f0dcae; }
.error { margin: 12px 20px 0; padding: 9px 14px; background: #fdecea; color: #8e1b1b; border: 1px solid #f3c3bf;
  border-radius: 6px; white-space: pre-wrap; }
.tools { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 18px; padding: 12px 20px 0; }
.tools h1 { font-size: 19px; line-height: 1.3; font-weight: 600; margin: 0; flex: 1; }
.tools .updated { color: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
.grid { display: grid; grid-template-columns: repeat(24, minmax(0, 1fr)); gap: 12px; padding: 12px 20px 28px; }
.panel { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 10px 14px 8px;
  display: flex; flex-direction: column; min-width: 0; overflow: hidden; }
.panel h2 { font-size: 13.5px; line-height: 1.35; font-weight: 600; margin: 0; }
.panel .note { color: var(--soft); font-size: 11.5px; line-height: 1.35; margin-top: 1px; }
.panel .body { flex: 1; min-height: 0; display: flex; flex-direction: column; }
.panel .chart { flex: 1; min-height: 0; width: 100%; height: auto; }
.panel .quiet { margin: auto; color: var(--soft); text-align: center; }
.panel .scroll { overflow: auto; margin-top: 4px; }
.stat { margin: auto 0; font-size: 30px; font-weight: 600; font-variant-numeric: tabular-nums; }
.stat .unit { font-size: 15px; font-weight: 400; color: var(--soft); margin-left: 6px; }
.counts { display: flex; gap: 12px; margin: auto 0; }
.count { flex: 1; border-radius: 6px; padding: 5px 12px; border-left: 4px solid; }
.count b { display: block; font-size: 24px; line-height: 1.2; font-variant-numeric: tabular-nums; }
.verdict { white-space: nowrap; font-weight: 600; padding: 1px 8px; border-radius: 10px; font-size: 12.5px; }
.compliant { background: #e6f3e7; color: var(--good); border-color: var(--good); }
.exceeded { background: #fdecea; color: var(--bad); border-color: var(--bad); }
.insufficient_data { background: #fbf0da; color: var(--unsure); border-color: #c98a1b; }
table.rows { border-collapse: collapse; width: 100%; font-size: 13px; }
table.rows th { text-align: left; color: var(--soft); font-weight: 600; font-size: 12px; position: sticky; top: 0;
  background: var(--card); }
table.rows th, table.rows td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
table.rows .num { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
table.rows .time { white-space: nowrap; font-variant-numeric: tabular-nums; }
table.rows a { color: var(--accent); }
.mail { margin: 12px 20px 28px; background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 14px 18px; }
.mail dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 16px; margin: 0 0 12px; }
.mail dt { color: var(--soft); } .mail dd { margin: 0; overflow-wrap: anywhere; }
.mail iframe { width: 100%; height: 72vh; border: 1px solid var(--line); border-radius: 6px; background: #fff; }
.mail pre { white-space: pre-wrap; font-size: 13px; margin: 0; font-family: inherit; }
@media (max-width: 1000px) { .grid .panel { grid-column: 1 / -1 !important; } .counts { flex-wrap: wrap; } }
"""

using System.Globalization;
using System.Text;
using Meridian.Simulation.Engine;
using Meridian.Simulation.Model;
using Meridian.Simulation.Strategies;

namespace Meridian.Simulation;

/// <summary>Draws a surge: where the requests of the callers beside the saturated region went, and how full the regions were.</summary>
internal static class Plot
{
    private const int Width = 900;
    private const int Left = 60;
    private const int Right = 150;
    private const int PanelHeight = 200;

    /// <summary>Seconds that are drawn as one point.</summary>
    private const int Bucket = 5;

    private static readonly string[] Colours = ["#c0392b", "#2471a3", "#1e8449", "#b7950b", "#7d3c98", "#566573"];

    /// <returns>The timeline of the scenario's first surge under the strategy.</returns>
    /// <exception cref="InvalidDataException">The scenario has no surge.</exception>
    public static Timeline Run(Scenario scenario, string strategy)
    {
        var surge = scenario.Surges.FirstOrDefault() ?? throw new InvalidDataException($"The scenario '{scenario.Name}' has no surge to draw.");
        var sites = World.SitesOf(scenario);
        var timeline = new Timeline(IndexOf(sites, surge.Region), sites.Count, (int)(scenario.Minutes * 60));
        new World(scenario, StrategyList.Make(strategy)) { Timeline = timeline }.Run(Trace.Make(scenario, sites));
        return timeline;
    }

    public static string Svg(Scenario scenario, string strategy)
    {
        var timeline = Run(scenario, strategy);
        var sites = World.SitesOf(scenario);
        var surge = scenario.Surges[0];
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {(2 * PanelHeight) + 130}" font-family="Helvetica, Arial, sans-serif" font-size="12" role="img" aria-label="{surge.Region} is saturated, overflows and takes back">""").Append('\n');
        svg.Append(CultureInfo.InvariantCulture, $"""<rect width="{Width}" height="{(2 * PanelHeight) + 130}" fill="#fff"/>""").Append('\n');
        Panel(svg, 40, $"requests a second from {surge.Region}'s callers, by the region that served ({strategy})", sites, scenario, surge, region => Points(timeline, (second) => timeline.Sent[second, region]));
        Panel(svg, PanelHeight + 90, "slots in use, %", sites, scenario, surge, region => Points(timeline, (second) => timeline.Busy[second, region] * 100));
        return svg.Append("</svg>\n").ToString();
    }

    private static void Panel(StringBuilder svg, int top, string title, IReadOnlyList<Site> sites, Scenario scenario, Surge surge, Func<int, double[]> lineOf)
    {
        var lines = sites.Select((_, region) => lineOf(region)).ToArray();
        var most = Math.Max(1, Math.Ceiling(lines.Max(line => line.Max()) / 5) * 5);
        var from = X(surge.AtMinute);
        svg.Append(CultureInfo.InvariantCulture, $"""<text x="{Left}" y="{top - 12}" font-weight="bold">{title}</text>""").Append('\n');
        svg.Append(CultureInfo.InvariantCulture, $"""<rect x="{from:0.#}" y="{top}" width="{X(surge.AtMinute + surge.Minutes) - from:0.#}" height="{PanelHeight}" fill="#fdf2e9"/>""").Append('\n');
        for (var tick = 0; tick <= 5; tick++)
        {
            var y = top + PanelHeight - (tick * PanelHeight / 5);
            svg.Append(CultureInfo.InvariantCulture, $"""<path d="M{Left} {y}H{Width - Right}" stroke="#ddd"/><text x="{Left - 8}" y="{y + 4}" text-anchor="end">{most * tick / 5:0.#}</text>""").Append('\n');
        }

        for (var minute = 0; minute <= scenario.Minutes; minute++)
            svg.Append(CultureInfo.InvariantCulture, $"""<text x="{X(minute):0.#}" y="{top + PanelHeight + 16}" text-anchor="middle">{minute}</text>""");
        svg.Append(CultureInfo.InvariantCulture, $"""<text x="{Width - Right + 12}" y="{top + PanelHeight + 16}">min</text>""").Append('\n');
        for (var region = 0; region < lines.Length; region++)
        {
            var colour = Colours[region % Colours.Length];
            var points = lines[region].Select((value, i) => string.Create(CultureInfo.InvariantCulture, $"{X((i + 0.5) * Bucket / 60.0):0.#},{top + PanelHeight - (value / most * PanelHeight):0.#}"));
            svg.Append(CultureInfo.InvariantCulture, $"""<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{string.Join(' ', points)}"/>""").Append('\n');
            svg.Append(CultureInfo.InvariantCulture, $"""<text x="{Width - Right + 12}" y="{top + 14 + (region * 18)}" fill="{colour}">{sites[region].Name}</text>""").Append('\n');
        }

        double X(double minute) => Left + (minute / scenario.Minutes * (Width - Left - Right));
    }

    private static double[] Points(Timeline timeline, Func<int, double> at)
    {
        var points = new double[timeline.Seconds / Bucket];
        for (var i = 0; i < points.Length; i++)
            points[i] = Enumerable.Range(i * Bucket, Bucket).Average(at);
        return points;
    }

    private static int IndexOf(IReadOnlyList<Site> sites, string name)
    {
        for (var i = 0; i < sites.Count; i++)
        {
            if (sites[i].Name == name)
                return i;
        }

        throw new InvalidDataException($"There is no region '{name}' in the scenario.");
    }
}

using System.Globalization;
using System.Text;
using Meridian.Silo.Configuration;

namespace Meridian.Silo.Dev;

/// <summary>The text for the developer when all processes are ready: the regions and example commands.</summary>
public static class StartupReport
{
    private static readonly string[] Header = ["region", "law", "facade", "pid", "location"];

    /// <param name="regions">Regions with the pids of their processes.</param>
    /// <param name="frontDoor">Address of the front door.</param>
    /// <param name="frontDoorPid">Its pid, or null if it is down.</param>
    /// <param name="data">The data directory.</param>
    /// <param name="models">The models. The text has an example for the first one of each kind.</param>
    /// <param name="took">Time from the start until now.</param>
    public static string Write(IReadOnlyList<(RegionPlan Plan, int? Pid)> regions, Uri frontDoor, int? frontDoorPid, string data, IReadOnlyList<ModelEntry> models, TimeSpan took)
    {
        var rows = new List<string[]> { Header };
        foreach (var (plan, pid) in regions)
        {
            rows.Add([plan.Name, plan.Jurisdiction, Plain(plan.Facade), Pid(pid), plan.Location ?? ""]);
        }

        rows.Add(["front door", "", Plain(frontDoor), Pid(frontDoorPid), "sends each request to the best region"]);
        var widths = Enumerable.Range(0, 5).Select(column => rows.Max(row => row[column].Length)).ToArray();
        var text = new StringBuilder();
        text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"Meridian is ready after {took.TotalSeconds:0.0} s. Data: {data}").AppendLine();
        foreach (var row in rows)
        {
            text.Append("  ").AppendLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }

        text.AppendLine();
        string[] examples =
        [
            .. models.Where(static model => model.Kind == "generation").Take(1).Select(model => Example(
                "curl -N", "completions", $"{{\"model\": \"{model.Name}\", \"prompt\": \"Once upon a time\", \"max_tokens\": 200, \"temperature\": 0.7, \"stream\": true}}")),
            .. models.Where(static model => model.Kind == "embedding").Take(1).Select(model => Example("curl -i", "embeddings", $"{{\"model\": \"{model.Name}\", \"input\": \"Hello from three regions\"}}")),
        ];
        if (examples.Length > 0)
        {
            text.AppendLine("Try it:");
            foreach (var example in examples)
            {
                text.AppendLine(example);
            }

            text.AppendLine();
        }

        string Example(string command, string path, string body) => $"  {command} {Plain(frontDoor)}/v1/{path} -H 'content-type: application/json' -d '{body}'";

        if (regions.Count > 0 && regions[0].Pid is { } victim)
        {
            text.AppendLine("Kill a region and try again; it comes back by itself:").AppendLine(CultureInfo.InvariantCulture, $"  kill -9 {victim}").AppendLine();
        }

        return text.Append("Ctrl-C stops everything.").AppendLine().ToString();
    }

    private static string Plain(Uri uri) => uri.GetLeftPart(UriPartial.Authority);

    private static string Pid(int? pid) => pid?.ToString(CultureInfo.InvariantCulture) ?? "-";
}

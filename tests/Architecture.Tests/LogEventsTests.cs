using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Meridian.Cluster.Tests.Harness;
using Microsoft.Extensions.Logging;

namespace Meridian.Architecture.Tests;

/// <summary>The ids of log events: operators search and alert by them. docs/log-events.md has them all.</summary>
public sealed partial class LogEventsTests
{
    /// <value>The ids that a project may use: from, to.</value>
    private static readonly Dictionary<string, (int From, int To)> Blocks = new(StringComparer.Ordinal)
    {
        ["Inference"] = (1000, 1999),
        ["Federation"] = (2100, 2499),
        ["Intents"] = (2100, 2999),
        ["Grains"] = (3000, 3999),
        ["Gateway"] = (5000, 5099),
        ["Silo"] = (5100, 5999),
        ["Client"] = (7000, 7999),
    };

    private static readonly (string Project, Type Type, LoggerMessageAttribute Event)[] Events =
    [
        .. Floors.Projects.Keys
            .SelectMany(project => Assembly.Load(Floors.AssemblyOf(project)).GetTypes().Select(type => (Project: project, Type: type)))
            .SelectMany(entry => entry.Type
                .GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
                .Select(method => (entry.Project, entry.Type, Event: method.GetCustomAttribute<LoggerMessageAttribute>()!)))
            .Where(entry => entry.Event is not null)
            .OrderBy(entry => entry.Event.EventId),
    ];

    [Fact]
    public void An_id_belongs_to_one_event()
    {
        var twice = Events.GroupBy(entry => entry.Event.EventId).Where(same => same.Count() > 1).Select(same => $"{same.Key}: {string.Join(", ", same.Select(entry => entry.Type.Name))}");
        Assert.Empty(twice);
    }

    [Fact]
    public void An_id_is_of_its_projects_block()
    {
        var outside = Events
            .Where(entry => !Blocks.TryGetValue(entry.Project, out var block) || entry.Event.EventId < block.From || entry.Event.EventId > block.To)
            .Select(entry => $"{entry.Event.EventId} of {entry.Project}/{entry.Type.Name}");
        Assert.Empty(outside);
    }

    /// <summary>To renew the page: set MERIDIAN_WRITE_DOCS=1 and run this test.</summary>
    [Fact]
    public void The_page_has_every_event()
    {
        var page = Path.Combine(Repository.Root, "docs", "log-events.md");
        var table = new StringBuilder("| id | level | event | declared in |\n|---|---|---|---|\n");
        foreach (var (project, type, log) in Events)
        {
            table.Append($"| {log.EventId} | {log.Level} | {log.Message.Replace("|", "\\|", StringComparison.Ordinal)} | {project}, `{(type.DeclaringType ?? type).Name}` |\n");
        }

        var text = File.ReadAllText(page);
        var renewed = Table().Replace(text, match => $"{match.Groups[1].Value}\n{table}{match.Groups[2].Value}", 1);
        if (Environment.GetEnvironmentVariable("MERIDIAN_WRITE_DOCS") == "1")
        {
            File.WriteAllText(page, renewed);
            return;
        }

        Assert.Matches(Table(), text);
        Assert.True(renewed == text, "docs/log-events.md is not what the code logs. Run this test with MERIDIAN_WRITE_DOCS=1 and read the difference.");
    }

    [GeneratedRegex("(<!-- events -->)[\\s\\S]*(<!-- /events -->)")]
    private static partial Regex Table();
}


namespace Meridian.Cluster.Tests.Documentation;

/// <summary>Commands of the documentation that the test does not run, each with its reason. Whatever is not named here is run.</summary>
public static class NotRun
{
    /// <value>Parts of lines, and why the lines are left out.</value>
    public static IReadOnlyList<(string Part, string Reason)> Lines { get; } =
    [
        ("'last-event-id: 3.cmpl-7c0e...'", "the id is cut short; ResumableAnswerTests sends whole ones"),
        ("\"scope\": \"silo\"", "a region of one silo refuses it; RollingRestartTests drains silos"),
        ("scope=silo", "takes back what the line before it ordered"),
        ("drain --region westeurope --silo", "a region of one silo refuses it; RollingRestartTests drains silos"),
        ("/admin/api/directory/voters/westeurope", "the address is another machine's, so the voter would not come back; RemovalTests removes voters and lets them in again"),
        ("\"consensus\": \"10.0.0.2:8204\"", "belongs to the line before it"),
    ];

    /// <value>Programs that are not run but looked at: their project exists, and the command's own help has the options.</value>
    public static IReadOnlyDictionary<string, string> Programs { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["meridian-server"] = "starts processes that run until they are stopped: all other tests of this assembly start them. `meridian-server drain` is run",
        ["dotnet"] = "builds; measures, simulates or trains for minutes; or starts what other tests start. `make` is run",
        ["meridian-tools"] = "works on models that are not part of the sources: ModelTools.Tests runs every command",
        ["sudo"] = "needs a machine of its own: tests/Wan.Tests and tests/Training.Tests run them",
        ["npm"] = "installs from a registry: .ci/run does it",
        ["node"] = "needs what npm installs",
        [".ci/run"] = "runs these tests",
        ["tests/tools/fetch-templates.sh"] = "fetches from a registry and clones for minutes",
    };
}

using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Meridian.Cluster.Tests.Harness;

namespace Meridian.Cluster.Tests.Documentation;

/// <summary>The examples of /docs and of the first page, sent as they stand.</summary>
[Collection(ThreeRegionsCollection.Name)]
public sealed partial class ApiReferenceExamplesTests(ThreeRegions three)
{
    private Uri FrontDoor => three.Installation.FrontDoor.Address;

    [Fact]
    public async Task Every_example_of_the_reference_is_answered()
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var document = JsonNode.Parse(await http.GetStringAsync(new Uri(FrontDoor, "openapi/v1.json")))!;
        var sent = 0;
        foreach (var (path, operations) in document["paths"]!.AsObject())
        {
            if (operations!["post"]?["requestBody"]?["content"]?["application/json"]?["example"] is not { } example || path.StartsWith("/admin", StringComparison.Ordinal)) continue;
            using var body = new StringContent(example.ToJsonString(), Encoding.UTF8, "application/json");
            using var answer = await http.PostAsync(new Uri(FrontDoor, path.TrimStart('/')), body);
            Assert.True(answer.IsSuccessStatusCode, $"{path} {example.ToJsonString()}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
            sent++;
        }

        Assert.Equal(5, sent);
    }

    [Fact]
    public async Task Every_command_of_the_first_page_is_answered()
    {
        if (!TestTools.TryShell(out var shell, out var reason)) Assert.Skip(reason);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var page = System.Net.WebUtility.HtmlDecode(await http.GetStringAsync(FrontDoor));
        var commands = Command().Matches(page).Select(static match => match.Groups[1].Value).ToArray();
        Assert.Equal(2, commands.Length);
        foreach (var command in commands)
        {
            await using var process = ChildProcess.Start("first page", shell, ["-ec", $"curl() {{ command curl --fail-with-body --max-time 60 \"$@\"; }}; URL={FrontDoor.GetLeftPart(UriPartial.Authority)}; {command}"]);
            await process.ExitAsync(TimeSpan.FromMinutes(1));
            Assert.True(process.ExitCode == 0, $"{command}\n{process.Tail()}");
        }
    }

    [GeneratedRegex("<pre>(curl.*?)</pre>", RegexOptions.Singleline)]
    private static partial Regex Command();
}

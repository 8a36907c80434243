using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Meridian.Benchmarks;

namespace Meridian.Wan.Scenarios;

/// <summary>
/// Requests restricted to <c>eu</c> that carry a string found nowhere else, without encryption, while captures at all regions look for it: also while the only permitted
/// region cannot be reached, when every retry, hedge or resume elsewhere would show. Controls: the captures see such a string where it may go.
/// </summary>
internal static class SovereigntyCapture
{
    public const string Name = "sovereignty";
    public const string What = "A string in requests restricted to eu is looked for on the wires of all regions";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <returns>Whether it was seen where it may go and nowhere else.</returns>
    public static async Task<bool> RunAsync(ScenarioSettings settings)
    {
        await using var installation = new LabInstallation();
        await installation.StartAsync();
        var secret = $"canary-{Guid.NewGuid():N}";
        var open = $"canary-{Guid.NewGuid():N}";
        var ofSecret = LabInstallation.Regions.ToDictionary(region => region, region => installation.Lab[region].Capture(Encoding.ASCII.GetBytes(secret)));
        var ofOpen = LabInstallation.Regions.ToDictionary(region => region, region => installation.Lab[region].Capture(Encoding.ASCII.GetBytes(open)));
        try
        {
            // Controls first: what may go to a region is seen there, embeddings and streams alike.
            foreach (var (region, jurisdiction) in new[] { ("eastus", "us"), ("westeurope", "eu"), ("southeastasia", "apac") })
            {
                await SendAsync(installation, "uksouth", jurisdiction, open, 2);
            }

            var answered = await SendAsync(installation, "uksouth", "eu", secret, settings.Restricted);
            foreach (var link in installation.Lab.LinksOf("westeurope"))
            {
                link.Cut();
            }

            var cut = await SendAsync(installation, "uksouth", "eu", secret, settings.Restricted / 2);
            foreach (var link in installation.Lab.LinksOf("westeurope"))
            {
                link.Heal();
            }

            await installation.SeesAsync("uksouth", ["westeurope"]);
            await installation["westeurope"].KillAsync();
            var dead = await SendAsync(installation, "uksouth", "eu", secret, settings.Restricted / 2);

            foreach (var capture in ofSecret.Values.Concat(ofOpen.Values))
            {
                capture.Dispose();
            }

            Table.Print(
                $"{Name}: {What}",
                ["region", "packets", "restricted to eu: seen", "control, permitted here: seen"],
                [.. LabInstallation.Regions.Select(region => new[] { region, Text(ofSecret[region].Packets), Text(ofSecret[region].Found), Text(ofOpen[region].Found) })]);
            Console.WriteLine($"- westeurope up: {answered}");
            Console.WriteLine($"- westeurope cut off: {cut}");
            Console.WriteLine($"- westeurope killed: {dead}");
            var holds = ofSecret["westeurope"].Found > 0 && ofSecret["eastus"].Found == 0 && ofSecret["southeastasia"].Found == 0 && ofOpen.Values.All(capture => capture.Found > 0);
            Console.WriteLine(holds ? "Seen where it may go and nowhere else: holds" : "DOES NOT HOLD");
            Directory.CreateDirectory(settings.Out);
            await File.WriteAllTextAsync(Path.Combine(settings.Out, $"{Name}.json"), JsonSerializer.Serialize(
                new
                {
                    holds,
                    seen = ofSecret.ToDictionary(pair => pair.Key, pair => pair.Value.Found),
                    control = ofOpen.ToDictionary(pair => pair.Key, pair => pair.Value.Found),
                    answers = new { up = answered, cut, killed = dead },
                    machine = Machine.Describe(),
                },
                Json));
            return holds;
        }
        finally
        {
            foreach (var capture in ofSecret.Values.Concat(ofOpen.Values))
            {
                capture.Dispose();
            }
        }
    }

    /// <summary>Sends embeddings and streams in turns.</summary>
    /// <returns>How they ended, counted.</returns>
    private static async Task<string> SendAsync(LabInstallation installation, string site, string residency, string canary, int count)
    {
        var ends = new List<string>();
        var load = new StreamLoad(installation.CallerIn(site), installation.EdgeOf(site), 1, tokens: 8, TimeProvider.System);
        for (var i = 0; i < count; i++)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            if (i % 2 == 0)
            {
                ends.Add(await EmbedAsync(installation, site, residency, $"{canary} {i}", limit.Token));
            }
            else
            {
                var sample = await load.StreamAsync(TimeSpan.Zero, residency, null, null, limit.Token, $"{canary} {i}");
                ends.Add(sample.Failure ?? $"answered by {sample.Region}");
            }
        }

        return string.Join(", ", ends.CountBy(end => end).OrderByDescending(pair => pair.Value).Select(pair => $"{pair.Key} {pair.Value}"));
    }

    private static async Task<string> EmbedAsync(LabInstallation installation, string site, string residency, string text, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(installation.EdgeOf(site), "v1/embeddings"));
            request.Content = JsonContent.Create(new { model = LabInstallation.Embedding, input = text });
            request.Headers.Add("x-meridian-residency", residency);
            using var response = await installation.CallerIn(site).SendAsync(request, cancellationToken);
            return response.IsSuccessStatusCode
                ? $"answered by {string.Join(',', response.Headers.GetValues("x-meridian-region"))}"
                : FailureCode.Of(await response.Content.ReadAsStringAsync(cancellationToken), (int)response.StatusCode);
        }
        catch (OperationCanceledException)
        {
            return "timeout";
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return FailureCode.Of(e);
        }
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}

using Meridian.Wan.Lab;

namespace Meridian.Wan.Tests;

/// <summary>The C# of docs/wan-lab.md, so that it compiles: <c>DocumentedCodeTests</c> of Cluster.Tests compares it line by line.</summary>
internal static class LabCode
{
    public static async Task CutAsync()
    {
        await using var lab = new WanLab();
        lab.AddSite("eastus");
        lab.AddSite("westeurope");
        RegionPairs.Apply(lab);                                                    // 91 ms
        lab["eastus"].Start("server", "/usr/bin/some-server", ["--port", "80"]);   // a process there; kill, freeze and read it
        using var http = new HttpClient(lab["westeurope"].CreateHttpHandler());    // a caller there
        lab.Line("eastus", "westeurope").Settings = new() { State = LineState.Cut };
    }
}

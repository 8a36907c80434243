using System.Globalization;
using Meridian.Cluster.Tests.Harness;
using Meridian.Wan.Lab;

namespace Meridian.Intents.Tests.Chaos;

/// <summary>Every site a network namespace of the WAN lab, and one more for those who test.</summary>
public sealed class LabNetwork : INetwork
{
    private readonly WanLab _lab;
    private readonly WanSite[] _sites;
    private readonly WanSite _tester;

    public LabNetwork(int sites, int seed)
    {
        _lab = new WanLab(seed);
        _sites = [.. Enumerable.Range(0, sites).Select(site => _lab.AddSite(string.Create(CultureInfo.InvariantCulture, $"site{site}")))];
        _tester = _lab.AddSite("tester");
    }

    public bool HasLinks => true;

    public string Host(int site) => _sites[site].Address.ToString();

    public ChildProcess Start(int site, string name, string program, IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string?>>? environment = null) =>
        ChildProcess.Start(name, _sites[site].Enter[0], [.. _sites[site].Enter[1..], program, .. arguments], environment);

    public HttpMessageHandler CreateHandler() => _tester.CreateHttpHandler();

    public void Cut(int from, int to)
    {
        var line = _lab.Line(_sites[from].Name, _sites[to].Name);
        line.Settings = line.Settings with { State = LineState.Cut };
    }

    public void Heal()
    {
        foreach (var line in _lab.Lines)
            line.Settings = line.Settings with { State = LineState.Open };
    }

    public ValueTask DisposeAsync() => _lab.DisposeAsync();
}

using Meridian.Cluster.Tests.Harness;

namespace Meridian.Intents.Tests.Chaos;

/// <summary>Where processes run and what can happen between them. Site numbers begin at 0.</summary>
public interface INetwork : IAsyncDisposable
{
    /// <value>Whether links between sites can be cut.</value>
    bool HasLinks { get; }

    /// <summary>A site's address, as all others reach it.</summary>
    string Host(int site);

    ChildProcess Start(int site, string name, string program, IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string?>>? environment = null);

    /// <summary>HTTP as those speak it who test: none of the cuts concerns them.</summary>
    HttpMessageHandler CreateHandler();

    /// <summary>Loses everything that one site sends to another, silently.</summary>
    void Cut(int from, int to);

    /// <summary>All links carry again.</summary>
    void Heal();
}

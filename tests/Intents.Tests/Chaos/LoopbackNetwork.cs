using Meridian.Cluster.Tests.Harness;

namespace Meridian.Intents.Tests.Chaos;

/// <summary>This machine's loopback: every site is 127.0.0.1, and there is nothing to cut.</summary>
public sealed class LoopbackNetwork : INetwork
{
    public bool HasLinks => false;

    public string Host(int site) => "127.0.0.1";

    public ChildProcess Start(int site, string name, string program, IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string?>>? environment = null) =>
        ChildProcess.Start(name, program, arguments, environment);

    public HttpMessageHandler CreateHandler() => new SocketsHttpHandler { UseProxy = false };

    public void Cut(int from, int to) => throw new NotSupportedException("Loopback has no links.");

    public void Heal()
    {
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

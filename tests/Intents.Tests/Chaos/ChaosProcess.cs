using Meridian.Cluster.Tests.Harness;

namespace Meridian.Intents.Tests.Chaos;

/// <summary>A process that is killed, frozen and started again.</summary>
/// <param name="name">Of the process, and of the member if it is one.</param>
/// <param name="site">Where it runs.</param>
/// <param name="votes">Whether it takes part in consensus.</param>
/// <param name="start">Starts it, each time alike.</param>
public sealed class ChaosProcess(string name, int site, bool votes, Func<ChildProcess> start) : IAsyncDisposable
{
    private ChildProcess? _process;

    public string Name => name;

    public int Site => site;

    public bool Votes => votes;

    public bool IsRunning => _process is { HasExited: false };

    /// <value>The last lines of its output, for a failure's text.</value>
    public string Tail => _process?.Tail() ?? $"{name} is not running.";

    public void Start()
    {
        if (!IsRunning)
            _process = start();
    }

    public void Freeze() => _process?.Signal(Signals.Stop);

    public void Thaw() => _process?.Signal(Signals.Continue);

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            await process.KillAsync();
            await process.DisposeAsync();
            _process = null;
        }
    }

    public ValueTask DisposeAsync() => _process?.DisposeAsync() ?? ValueTask.CompletedTask;
}

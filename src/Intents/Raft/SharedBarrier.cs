using Meridian.Intents.Peers;

namespace Meridian.Intents.Raft;

/// <summary>
/// Lets concurrent readers share barrier entries. A barrier that is already under way may be too early for a new reader. So a new reader waits for the next
/// barrier, which serves all readers that ask before it begins.
/// </summary>
internal sealed class SharedBarrier(Func<Task<PeerReply>> propose)
{
    private readonly Lock _gate = new();
    private Task<PeerReply>? _running;
    private Task<PeerReply>? _next;

    public Task<PeerReply> AskAsync()
    {
        lock (_gate)
            return _next ??= ProposeAsync(_running ?? Task.CompletedTask);
    }

    private async Task<PeerReply> ProposeAsync(Task before)
    {
        await Task.Yield();
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            _running = _next;
            _next = null;
        }

        return await propose().ConfigureAwait(false);
    }
}

using Meridian.Federation.Edge;

namespace Meridian.Federation.Tests.Edge;

public sealed class AttemptSourcesTests
{
    private readonly AttemptSources _sources = new(TimeProvider.System);

    [Fact]
    public void A_used_source_does_not_remember_its_attempt()
    {
        using var caller = new CancellationTokenSource();
        CancellationToken first;
        using (var attempt = _sources.Begin(60_000, caller.Token, CancellationToken.None))
            first = attempt.Token;

        using var second = _sources.Begin(60_000, CancellationToken.None, CancellationToken.None);
        caller.Cancel();

        Assert.Equal(first, second.Token);
        Assert.False(second.Token.IsCancellationRequested);
    }

    [Fact]
    public void A_source_that_fired_is_not_used_again()
    {
        using var lost = new CancellationTokenSource();
        CancellationToken first;
        using (var attempt = _sources.Begin(60_000, CancellationToken.None, lost.Token))
        {
            lost.Cancel();
            first = attempt.Token;
            Assert.True(first.IsCancellationRequested);
        }

        using var second = _sources.Begin(60_000, CancellationToken.None, CancellationToken.None);
        Assert.False(second.Token.IsCancellationRequested);
        Assert.NotEqual(first, second.Token);
    }

    [Fact]
    public async Task Attempts_that_race_with_their_cancellation_never_cancel_another()
    {
        for (var round = 0; round < 500; round++)
        {
            using var lost = new CancellationTokenSource();
            var doomed = _sources.Begin(60_000, CancellationToken.None, lost.Token);
            var cancel = Task.Run(lost.Cancel, TestContext.Current.CancellationToken);
            doomed.Dispose();
            using var innocent = _sources.Begin(60_000, CancellationToken.None, CancellationToken.None);
            await cancel;
            Assert.False(innocent.Token.IsCancellationRequested, $"round {round}");
        }
    }
}

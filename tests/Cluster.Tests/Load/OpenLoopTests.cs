using Meridian.Load;

namespace Meridian.Cluster.Tests.Load;

/// <summary>The load that says "0 failed": it must not lose a request.</summary>
public sealed class OpenLoopTests
{
    [Fact]
    public async Task A_request_that_ends_in_any_exception_is_a_failure_and_every_request_has_a_sample()
    {
        using var http = new HttpMessageInvoker(new EverySecondOneThrows());
        var load = new OpenLoop(http, index => new HttpRequestMessage(HttpMethod.Get, $"http://localhost/{index}"), perSecond: 500, TimeSpan.FromSeconds(20), TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var running = load.RunAsync(stop.Token);
        await load.NextAsync(sample => sample.Index >= 9, "ten requests", TimeSpan.FromSeconds(20));
        await stop.CancelAsync();
        await running;

        Assert.Equal(load.Sent, load.Samples.Count);
        var failed = KillReport.Of(load.Samples, []).Failed;
        Assert.Equal(load.Samples.Select(sample => sample.Index).Where(index => index % 2 == 1).Order(), failed.Select(sample => sample.Index));
        Assert.All(failed, sample => Assert.Contains("no HTTP at all", sample.Error, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_question_that_throws_is_told_to_who_asked_and_fails_no_request()
    {
        using var http = new HttpMessageInvoker(new EverySecondOneThrows());
        var load = new OpenLoop(http, index => new HttpRequestMessage(HttpMethod.Get, $"http://localhost/{2 * index}"), perSecond: 500, TimeSpan.FromSeconds(20), TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var running = load.RunAsync(stop.Token);

        await Assert.ThrowsAsync<FormatException>(() => load.NextAsync(_ => throw new FormatException(), "a mistake", TimeSpan.FromSeconds(20)));

        await stop.CancelAsync();
        await running;
        Assert.All(load.Samples, sample => Assert.Null(sample.Error));
    }

    private sealed class EverySecondOneThrows : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            int.Parse(request.RequestUri!.AbsolutePath[1..], System.Globalization.CultureInfo.InvariantCulture) % 2 == 1
                ? throw new InvalidOperationException("no HTTP at all")
                : Task.FromResult(new HttpResponseMessage { Content = new StringContent("ok") });
    }
}

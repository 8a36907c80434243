using Meridian.Cluster.Tests.Harness;
using Meridian.Load;

namespace Meridian.Cluster.Tests.Failover;

[Collection(OneRegionOneDoorCollection.Name)]
public sealed class FrontDoorKillTests(OneRegionOneDoor processes, ITestOutputHelper output)
{
    [Fact]
    public async Task A_client_that_loses_its_front_door_goes_on_at_the_other()
    {
        var installation = processes.Installation;
        var first = await processes.WholeAsync();
        var (_, second) = installation.StartFrontDoor("second-door");
        await installation.SeesAsync(second, "minilm", OneRegionOneDoor.Region);

        using var book = new AddressBook(new SocketsHttpHandler { UseProxy = false }, first.Address, second.Address);
        using var http = new HttpMessageInvoker(book);
        var requests = new EmbeddingRequests("minilm", seed: 7);
        var load = new OpenLoop(http, index => requests.To(first.Address, index), perSecond: 50, TimeSpan.FromSeconds(20), TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var running = load.RunAsync(stop.Token);

        await load.NextAsync(s => s.Index >= 50 && s.Status == 200, "a second of answers", TimeSpan.FromSeconds(20));
        var killed = load.Elapsed;
        await installation.KillAsync("front-door");
        await load.NextAsync(s => s.Due > killed + TimeSpan.FromSeconds(1) && s.Status == 200, "answers by the second front door", TimeSpan.FromSeconds(20));
        await stop.CancelAsync();
        await running;

        var report = KillReport.Of(load.Samples, [killed]);
        output.WriteLine($"{report}\nrequests sent again: {book.Moves}");
        Assert.True(report.Failed.Length == 0, $"{report}\n{string.Join("\n", report.Failed.Take(10))}\n{installation.Tails()}");
        Assert.True(book.Moves > 0, "No request noticed that its front door was killed.");
    }
}

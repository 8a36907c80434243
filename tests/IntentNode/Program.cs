using System.Buffers.Binary;
using System.Net;
using Meridian.IntentNode;
using Meridian.Intents;
using Meridian.Intents.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

// One member of an intent log with an HTTP port by which a test controls it: nothing but the log, so that a test can kill and freeze it as often as it likes.
var options = new NodeOptions(args);
var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders().AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Warning).AddFilter("Meridian", LogLevel.Information);
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.Listen(IPAddress.Parse(options.Host), options.Control);
    kestrel.Listen(IPAddress.Parse(options.Host), options.Protocol, listen => listen.Protocols = HttpProtocols.Http2);
});

// Its records are numbers, which no rule knows.
builder.Services.AddSingleton<ChangeRule>(static (_, _) => null);
builder.Services.AddIntentLog(options.Apply);
builder.Services.AddSingleton<HashHistory>();
builder.Services.AddHostedService(services => services.GetRequiredService<HashHistory>());

var app = builder.Build();
app.MapMeridianIntentLog();
app.MapPost("/change", async (NodeChange change, IIntentLog log, CancellationToken aborted) =>
{
    using var ends = CancellationTokenSource.CreateLinkedTokenSource(aborted);
    ends.CancelAfter(change.WaitMs);
    var key = Key(change.Name);
    byte[]? value = null;
    if (change.Value is { } number)
        BinaryPrimitives.WriteInt32LittleEndian(value = new byte[4], number);
    try
    {
        var outcome = await log.ChangeAsync(
            new IntentChange
            {
                Operation = change.Operation,
                Conditions = change.Condition is { } epoch ? [new IntentCondition(key, epoch)] : [],
                Writes = [new IntentWrite(key, value)],
            },
            ends.Token);
        return new NodeOutcome(true, outcome.Made, outcome.Revision, outcome.ConflictEpoch, log.Current.Revision, false, null);
    }
    catch (IntentUnavailableException exception)
    {
        return new NodeOutcome(false, false, 0, 0, 0, exception.OutcomeUnknown, exception.Message);
    }
});
app.MapGet("/read", async (int waitMs, IIntentLog log, CancellationToken aborted) =>
{
    using var ends = CancellationTokenSource.CreateLinkedTokenSource(aborted);
    ends.CancelAfter(waitMs);
    try
    {
        return Report(await log.ReadAsync(ends.Token));
    }
    catch (IntentUnavailableException exception)
    {
        return new NodeReplica(false, 0, 0, [], exception.Message);
    }
});
app.MapGet("/local", (IIntentLog log) => Report(log.Current));
app.MapGet("/hashes", (long since, HashHistory history) => history.Since(since).ToArray());
app.MapGet("/status", (IIntentLog log) => log.Status is var status
    ? new NodeStatus(status.Role.ToString(), status.Leader, status.CanChange, status.AppliedIndex, status.CommittedIndex, status.Term, [.. status.Voters.Select(voter => voter.Name)], status.Problem)
    : null);
await app.StartAsync();
Console.WriteLine("ready");
await app.WaitForShutdownAsync();

static IntentKey Key(string name) => new(IntentKinds.Policy, name);

static NodeReplica Report(IntentReplica replica) => new(
    true,
    replica.AppliedIndex,
    replica.Revision,
    [.. replica.Records.Values.Where(record => record.Key.Kind == IntentKinds.Policy).Select(record => new NodeRecord(record.Key.Name, record.Epoch, BinaryPrimitives.ReadInt32LittleEndian(record.Value)))],
    null);

using System.Collections.Concurrent;
using System.Net.Sockets;
using CsCheck;
using Grpc.Core;
using Meridian.Federation.Configuration;
using Meridian.Federation.Edge;
using Meridian.Federation.Regions;
using Meridian.Federation.Tests.Protocol;
using Meridian.Messages;
using Meridian.Routing;
using Meridian.Routing.Attempts;
using Meridian.Routing.Decision;
using Meridian.Routing.Policies;
using Meridian.Routing.Snapshots;
using Meridian.Routing.Tables;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Meridian.Federation.Tests.Edge;

/// <summary>Failover with regions in memory and a clock that moves only when told.</summary>
[Collection(ProcessMeters.Name)]
public sealed partial class EdgeDispatcherTests : IRegionTransport, IFailureReports, IAttemptReports
{
    private readonly FakeTimeProvider _time = new();
    private readonly FederationOptions _options = new();
    private readonly InFlightLedger _inFlight = new();
    private readonly TestDirectory _directory = new(("eastus", "us"), ("westeurope", "eu"), ("southeastasia", "apac"));
    private readonly ConcurrentDictionary<string, Func<InferRequest, CancellationToken, Task<InferReply>>> _regions = new();
    private readonly ConcurrentQueue<(string Region, InferRequest Request)> _sent = new();
    private readonly ConcurrentQueue<(string Region, long Incarnation)> _reports = new();
    private readonly ConcurrentQueue<(string Region, long Incarnation, AttemptOutcome Outcome)> _outcomes = new();
    private ILocalRegion? _local;

    public EdgeDispatcherTests()
    {
        // Distances that make the order plain: eastus, westeurope, southeastasia.
        _directory.Change("eastus", v => v with { RoundTripMs = 10 });
        _directory.Change("westeurope", v => v with { RoundTripMs = 100 });
        _directory.Change("southeastasia", v => v with { RoundTripMs = 200 });
    }

    Task<InferReply> IRegionTransport.InferAsync(RegionMember region, InferRequest request, CancellationToken cancellationToken)
    {
        _sent.Enqueue((region.Name, request));
        return _regions.TryGetValue(region.Name, out var answer) ? answer(request, cancellationToken) : Task.FromResult(Sample.Result(region.Name, request));
    }

    void IFailureReports.ReportFailure(string region, long incarnation) => _reports.Enqueue((region, incarnation));

    void IAttemptReports.Report(string region, long incarnation, AttemptOutcome outcome) => _outcomes.Enqueue((region, incarnation, outcome));

    [Fact]
    public async Task An_undisturbed_request_takes_one_attempt_at_the_best_region()
    {
        var answer = await InferAsync(Sample.Request(remainingMs: 5000));

        Assert.Equal(("eastus", 1), (answer.Region, answer.Attempts));
        Assert.Equal("eastus", answer.Reply.Result!.Region);
        var sent = Assert.Single(_sent).Request;
        Assert.Equal((1, 3, 5000), (sent.Hops, sent.AttemptsLeft, sent.RemainingMs));
        AssertNothingInFlight();
    }

    [Fact]
    public async Task A_region_that_refuses_connections_is_reported_and_passed_over()
    {
        _regions["eastus"] = (_, _) => throw Refused();

        var answer = await InferAsync();

        Assert.Equal(("westeurope", 2), (answer.Region, answer.Attempts));
        Assert.Equal(("eastus", 1L), Assert.Single(_reports));
        Assert.Equal([3, 2], _sent.Select(s => s.Request.AttemptsLeft));
        AssertNothingInFlight();
    }

    [Fact]
    public async Task A_region_lost_in_the_midst_of_a_call_does_not_hold_the_caller()
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _regions["eastus"] = Hang(arrived, cancelled);
        var infer = InferAsync();
        await arrived.Task;
        Assert.Equal(1, _inFlight.Count("eastus"));

        _directory.Die("eastus");
        var answer = await infer;

        Assert.Equal(("westeurope", 2), (answer.Region, answer.Attempts));
        await cancelled.Task;

        // Liveness said so itself: nothing to report.
        Assert.Empty(_reports);
        AssertNothingInFlight();
    }

    [Theory]
    [InlineData(RefusalCode.NoCapacity)]
    [InlineData(RefusalCode.NotReady)]
    [InlineData(RefusalCode.RegionLost)]
    [InlineData(RefusalCode.Cancelled)]
    public async Task What_only_one_region_refuses_another_serves(RefusalCode code)
    {
        _regions["eastus"] = (_, _) => Task.FromResult(InferReply.Refuse(code, "not here"));

        var answer = await InferAsync();

        Assert.Equal(("westeurope", 2), (answer.Region, answer.Attempts));
        Assert.Empty(_reports);
    }

    [Theory]
    [InlineData(RefusalCode.InvalidInput)]
    [InlineData(RefusalCode.InputTooLong)]
    [InlineData(RefusalCode.ResidencyUnavailable)]
    [InlineData(RefusalCode.Deadline)]
    [InlineData(RefusalCode.Internal)]
    public async Task What_any_region_would_refuse_is_the_answer(RefusalCode code)
    {
        _regions["eastus"] = (_, _) => Task.FromResult(InferReply.Refuse(code, "no"));

        var answer = await InferAsync();

        Assert.Equal((code, "eastus", 1), (answer.Reply.Refusal!.Code, answer.Region, answer.Attempts));
        AssertNothingInFlight();
    }

    [Fact]
    public async Task When_all_are_full_the_caller_learns_the_soonest_time_to_come_back()
    {
        _regions["eastus"] = (_, _) => Task.FromResult(InferReply.Refuse(RefusalCode.NoCapacity, "full", retryAfterMs: 900));
        _regions["westeurope"] = (_, _) => Task.FromResult(InferReply.Refuse(RefusalCode.NoCapacity, "full", retryAfterMs: 0));
        _regions["southeastasia"] = (_, _) => Task.FromResult(InferReply.Refuse(RefusalCode.NoCapacity, "full", retryAfterMs: 300));

        var answer = await InferAsync();

        Assert.Equal((RefusalCode.NoCapacity, 300, 3), (answer.Reply.Refusal!.Code, answer.Reply.Refusal.RetryAfterMs, answer.Attempts));
    }

    [Fact]
    public async Task Full_regions_outrank_lost_ones_in_what_the_caller_is_told()
    {
        _regions["eastus"] = (_, _) => Task.FromResult(InferReply.Refuse(RefusalCode.NoCapacity, "full", retryAfterMs: 900));
        _regions["westeurope"] = (_, _) => throw Refused();
        _regions["southeastasia"] = (_, _) => Task.FromResult(InferReply.Refuse(RefusalCode.NotReady, "loading"));

        var answer = await InferAsync();

        Assert.Equal((RefusalCode.NoCapacity, 900), (answer.Reply.Refusal!.Code, answer.Reply.Refusal.RetryAfterMs));
    }

    [Fact]
    public async Task A_model_without_a_ready_replica_anywhere_is_refused_at_once()
    {
        _options.WaitForModel = TimeSpan.Zero;
        foreach (var region in _directory.Current.Views.Keys)
            _directory.Load(region, Sample.Model(ready: 0));

        var answer = await InferAsync();

        Assert.Equal((RefusalCode.NotReady, 0), (answer.Reply.Refusal!.Code, answer.Attempts));
        Assert.True(answer.Reply.Refusal.RetryAfterMs > 0);
    }

    [Fact]
    public async Task An_unknown_model_is_refused_with_those_that_exist()
    {
        var answer = await InferAsync(Sample.Request("gpt"));

        Assert.Equal((RefusalCode.ModelNotFound, 0, "model"), (answer.Reply.Refusal!.Code, answer.Attempts, answer.Reply.Refusal.Param));
        Assert.Equal("Model 'gpt' does not exist; available: minilm.", answer.Reply.Refusal.Message);
    }

    [Fact]
    public async Task Restricted_data_is_refused_rather_than_sent_elsewhere()
    {
        _options.WaitForRegion = TimeSpan.Zero;
        _directory.Die("westeurope");
        _regions["westeurope"] = (_, _) => throw Refused();

        var answer = await InferAsync(Sample.Request(residency: ["eu"]));

        Assert.Equal(RefusalCode.ResidencyUnavailable, answer.Reply.Refusal!.Code);
        Assert.All(_sent, s => Assert.Equal("westeurope", s.Region));
    }

    [Fact]
    public async Task The_deadline_ends_a_hanging_attempt()
    {
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _regions["eastus"] = Hang(arrived);
        var infer = InferAsync(Sample.Request(remainingMs: 500));
        await arrived.Task;

        _time.Advance(TimeSpan.FromMilliseconds(500));
        var answer = await infer;

        Assert.Equal((RefusalCode.Deadline, "eastus", 1), (answer.Reply.Refusal!.Code, answer.Region, answer.Attempts));
        Assert.Contains("500 ms", answer.Reply.Refusal.Message);
        AssertNothingInFlight();
    }

    [Fact]
    public async Task The_next_attempt_has_only_the_time_that_is_left()
    {
        _regions["eastus"] = (_, _) =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(400));
            throw Refused();
        };

        await InferAsync(Sample.Request(remainingMs: 1000));

        Assert.Equal([1000, 600], _sent.Select(s => s.Request.RemainingMs));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    public async Task A_deadline_that_has_passed_costs_no_attempt(int remainingMs)
    {
        var answer = await InferAsync(Sample.Request(remainingMs: remainingMs));

        Assert.Equal((RefusalCode.Deadline, 0), (answer.Reply.Refusal!.Code, answer.Attempts));
        Assert.Empty(_sent);
    }

    [Fact]
    public async Task The_budget_of_attempts_is_never_exceeded()
    {
        _options.Attempts = 2;
        foreach (var region in _directory.Current.Views.Keys)
            _regions[region] = (_, _) => throw Broken();

        var answer = await InferAsync();

        Assert.Equal((RefusalCode.RegionLost, 2), (answer.Reply.Refusal!.Code, answer.Attempts));
        Assert.Equal(2, _sent.Count);
        Assert.Equal(0, _sent.Last().Request.AttemptsLeft);
    }

    [Fact]
    public async Task A_request_that_has_hopped_before_is_not_retried()
    {
        _regions["eastus"] = (_, _) => throw Refused();

        var answer = await InferAsync(Sample.Request() with { Hops = 1 });

        Assert.Equal((RefusalCode.RegionLost, 1), (answer.Reply.Refusal!.Code, answer.Attempts));
        Assert.Equal(2, Assert.Single(_sent).Request.Hops);
    }

    [Fact]
    public async Task When_every_region_is_lost_it_waits_for_one_to_come_back()
    {
        foreach (var region in new[] { "eastus", "westeurope", "southeastasia" })
            _directory.Die(region);
        var infer = InferAsync();
        await _directory.Awaited.Task;
        Assert.Empty(_sent);

        _directory.Revive("westeurope");
        var answer = await infer;

        Assert.Equal(("westeurope", 1), (answer.Region, answer.Attempts));
    }

    [Fact]
    public async Task A_region_that_was_tried_is_tried_again_after_it_has_restarted()
    {
        foreach (var region in new[] { "westeurope", "southeastasia" })
            _directory.Die(region);
        _regions["eastus"] = (_, _) =>
        {
            _directory.Die("eastus");
            throw Broken();
        };
        var infer = InferAsync();
        await _directory.Awaited.Task;

        _regions.Clear();
        _directory.Revive("eastus");
        var answer = await infer;

        Assert.Equal(("eastus", 2), (answer.Region, answer.Attempts));
    }

    [Fact]
    public async Task When_none_comes_back_one_last_resort_is_tried_and_then_the_caller_is_told()
    {
        foreach (var region in new[] { "eastus", "westeurope", "southeastasia" })
        {
            _directory.Die(region);
            _regions[region] = (_, _) => throw Refused();
        }

        var infer = InferAsync();
        await _directory.Awaited.Task;
        _time.Advance(TimeSpan.FromSeconds(2));
        var answer = await infer;

        Assert.Equal((RefusalCode.RegionLost, 3), (answer.Reply.Refusal!.Code, answer.Attempts));
        Assert.Contains("eastus is Dead", answer.Reply.Refusal.Message);
        AssertNothingInFlight();
    }

    [Fact]
    public async Task A_monitor_that_is_wrong_does_not_take_the_service_down()
    {
        foreach (var region in new[] { "eastus", "westeurope", "southeastasia" })
            _directory.Die(region);

        var infer = InferAsync();
        await _directory.Awaited.Task;
        _time.Advance(TimeSpan.FromSeconds(2));
        var answer = await infer;

        Assert.NotNull(answer.Reply.Result);
        Assert.Equal(1, answer.Attempts);
    }

    [Fact]
    public async Task The_callers_own_cancellation_is_thrown_and_reaches_the_region()
    {
        using var caller = new CancellationTokenSource();
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _regions["eastus"] = Hang(arrived, cancelled);
        var infer = Dispatcher().InferAsync(Sample.Request(), caller.Token);
        await arrived.Task;

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => infer);
        await cancelled.Task;
        Assert.Single(_sent);
        Assert.Empty(_reports);
        AssertNothingInFlight();
    }

    [Fact]
    public async Task A_caller_who_has_gone_costs_nothing()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Dispatcher().InferAsync(Sample.Request(), new CancellationToken(canceled: true)));
        Assert.Empty(_sent);
    }

    [Fact]
    public async Task A_message_that_is_too_large_is_the_callers_to_mend()
    {
        _regions["eastus"] = (_, _) => throw new RpcException(new Status(StatusCode.ResourceExhausted, "too large"));

        var answer = await InferAsync();

        Assert.Equal((RefusalCode.InvalidInput, 1), (answer.Reply.Refusal!.Code, answer.Attempts));
        Assert.Contains(_options.Wire.MaxMessageBytes.ToString(System.Globalization.CultureInfo.InvariantCulture), answer.Reply.Refusal.Message);
    }

    [Fact]
    public async Task Ones_own_region_is_called_without_the_protocol()
    {
        _directory.Publish(_directory.Current with { OwnRegion = "eastus" });
        InferRequest? received = null;
        _local = new TestRegion("eastus")
        {
            Answer = (request, _) =>
            {
                received = request;
                return Task.FromResult(Sample.Result("eastus", request));
            },
        };

        var answer = await InferAsync();

        Assert.Equal("eastus", answer.Region);
        Assert.Equal(1, received!.Hops);
        Assert.Empty(_sent);
    }

    [Fact]
    public async Task A_fault_of_ones_own_region_goes_elsewhere()
    {
        _directory.Publish(_directory.Current with { OwnRegion = "eastus" });
        _local = new TestRegion("eastus") { Answer = (_, _) => throw new InvalidOperationException("silo stopping") };

        var answer = await InferAsync();

        Assert.Equal(("westeurope", 2), (answer.Region, answer.Attempts));
        Assert.Empty(_reports);
    }

    [Fact]
    public async Task An_answer_without_content_counts_as_lost()
    {
        _regions["eastus"] = (_, _) => Task.FromResult(new InferReply());

        Assert.Equal(("westeurope", 2), ((await InferAsync()).Region, 2));
    }

    [Fact]
    public async Task Whatever_regions_do_nothing_stays_in_flight_and_the_budget_holds() =>
        await Gen.Int[0, 7].Array[3].SampleAsync(
            async behaviours =>
            {
                var test = new EdgeDispatcherTests();
                test._options.WaitForRegion = TimeSpan.Zero;
                var names = new[] { "eastus", "westeurope", "southeastasia" };
                for (var i = 0; i < names.Length; i++)
                {
                    var name = names[i];
                    test._regions[name] = behaviours[i] switch
                    {
                        0 => async (r, _) =>
                        {
                            await Task.Yield();
                            return Sample.Result(name, r);
                        }
                        ,
                        1 => (_, _) => throw Refused(),
                        2 => (_, _) => Task.FromException<InferReply>(Broken()),
                        3 => (_, _) => Task.FromResult(InferReply.Refuse(RefusalCode.NoCapacity, "full", retryAfterMs: 50)),
                        4 => (_, _) => Task.FromResult(InferReply.Refuse(RefusalCode.NotReady, "loading")),
                        5 => (_, _) => Task.FromResult(InferReply.Refuse(RefusalCode.InvalidInput, "wrong")),
                        6 => (_, _) => throw new OperationCanceledException(),
                        _ => async (_, token) =>
                        {
                            var hang = Task.Delay(Timeout.InfiniteTimeSpan, token);
                            test._directory.Die(name);
                            await hang;
                            throw new InvalidOperationException("unreachable");
                        }
                        ,
                    };
                }

                var answer = await test.InferAsync();

                test.AssertNothingInFlight();
                Assert.InRange(answer.Attempts, 1, 4);
                Assert.Equal(answer.Attempts, test._sent.Count);
                if (behaviours[0] is 0 or 5)
                    Assert.Equal(1, answer.Attempts);
                if (behaviours.Contains(0) && !behaviours.Contains(5))
                    Assert.NotNull(answer.Reply.Result);
            },
            iter: 300);

    private EdgeDispatcher Dispatcher() => new(
        Options.Create(_options),
        _directory,
        this,
        this,
        new RoutingDirector(RoutingPolicies.ByName[RoutingPolicyNames.Default], 5, _inFlight),
        _inFlight,
        new Random(1),
        _time,
        NullLogger<EdgeDispatcher>.Instance,
        this,
        _local);

    private Task<EdgeAnswer> InferAsync(InferRequest? request = null) => Dispatcher().InferAsync(request ?? Sample.Request(), CancellationToken.None);

    private void AssertNothingInFlight() => Assert.All(_directory.Current.Views.Keys, region => Assert.Equal(0, _inFlight.Count(region)));

    private static Func<InferRequest, CancellationToken, Task<InferReply>> Hang(TaskCompletionSource arrived, TaskCompletionSource? cancelled = null) => async (_, token) =>
    {
        var hang = Task.Delay(Timeout.InfiniteTimeSpan, token);
        arrived.TrySetResult();
        try
        {
            await hang;
        }
        catch (OperationCanceledException)
        {
            cancelled?.TrySetResult();
            throw;
        }

        throw new InvalidOperationException("unreachable");
    };

    private static RpcException Refused() => new(new Status(
        StatusCode.Unavailable, "refused", new HttpRequestException(HttpRequestError.ConnectionError, "refused", new SocketException((int)SocketError.ConnectionRefused))));

    private static RpcException Broken() => new(new Status(
        StatusCode.Unavailable, "reset", new HttpRequestException(HttpRequestError.Unknown, "reset", new IOException("reset", new SocketException((int)SocketError.ConnectionReset)))));
}

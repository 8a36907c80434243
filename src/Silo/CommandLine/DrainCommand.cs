using System.CommandLine;
using System.Text.Json;
using Meridian.CommandLine;
using Meridian.Silo.Configuration;
using Meridian.Silo.Configuration.Reading;
using Meridian.Silo.Processes;

namespace Meridian.Silo.CommandLine;

/// <summary>
/// <c>meridian-server drain</c>: drains a region or a part of it through the admin API of the region's facade. With <c>--wait</c> it waits until the target is empty.
/// </summary>
internal static class DrainCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    public static Command Build(CommonOptions common, IReadOnlyList<string> overrides)
    {
        var region = new Option<string>("--region") { HelpName = "REGION", Description = "Region to drain, or to drain a part of", Required = true };
        var silo = new Option<string?>("--silo") { HelpName = "ADDRESS", Description = "Drain this silo of it alone, for example 127.0.0.1:8201" };
        var model = new Option<string?>("--model") { HelpName = "NAME", Description = "Drain a replica of this model alone" };
        var replica = new Option<int?>("--replica") { HelpName = "N", Description = "Number of that replica" };
        var deadline = new Option<int?>("--deadline") { HelpName = "SECONDS", Description = "How long streams may run on before they are handed over [default: 30]" };
        var reason = new Option<string?>("--reason") { HelpName = "TEXT", Description = "Why, for other operators" };
        var sticky = new Option<bool>("--sticky") { Description = "Keep the region drained when it is restarted" };
        var undo = new Option<bool>("--undo") { Description = "Take a drain back" };
        var wait = new Option<bool>("--wait") { Description = "Wait until it is empty" };
        var timeout = new Option<int>("--timeout") { HelpName = "SECONDS", Description = "How long to wait at most [default: 120]", DefaultValueFactory = _ => 120 };
        var command = new Command("drain", "Drains a region, a silo or a replica: takes nothing new, finishes or moves what runs.") { region, silo, model, replica, deadline, reason, sticky, undo, wait, timeout };
        command.Validators.Add(parsed =>
        {
            // Check only whether an option was given. Reading an invalid value would throw here, before the parser reports it as a mistake.
            bool Has(Option option) => parsed.GetResult(option) is { Implicit: false };
            if (Has(silo) && Has(model)) parsed.AddError("--silo and --model exclude each other: a drain is of one silo or of one replica.");
            if (Has(model) != Has(replica)) parsed.AddError("--model and --replica belong together, for example --model minilm --replica 0.");
            if (Has(undo) && (Has(wait) || Has(sticky))) parsed.AddError("--undo takes neither --wait nor --sticky.");
        });
        command.SetAction((parsed, cancellationToken) =>
        {
            var options = MeridianConfiguration.Read(MeridianConfiguration.Load(parsed.GetValue(common.Config), overrides, common.Settings(parsed), common.Models(parsed)));
            var name = parsed.GetValue(region)!;
            var plan = RegionPlan.All(options).FirstOrDefault(plan => plan.Name == name)
                ?? throw new MistakesException([$"--region is '{name}', which is none of {string.Join(", ", options.Regions.Select(static region => region.Name))}."]);
            var target = new Dictionary<string, object?> { ["scope"] = parsed.GetValue(silo) is not null ? "silo" : parsed.GetValue(model) is not null ? "replica" : "region" };
            if (parsed.GetValue(silo) is { } address) target["silo"] = address;
            if (parsed.GetValue(model) is { } of) (target["model"], target["replica"]) = (of, parsed.GetValue(replica));
            var order = new Dictionary<string, object?>(target);
            if (parsed.GetValue(deadline) is { } seconds) order["deadline_seconds"] = seconds;
            if (parsed.GetValue(reason) is { } why) order["reason"] = why;
            if (parsed.GetValue(sticky)) order["sticky"] = true;
            return RunAsync(
                new Uri(plan.Facade, "admin/api/drain"), target, parsed.GetValue(undo) ? null : order, parsed.GetValue(wait) ? TimeSpan.FromSeconds(parsed.GetValue(timeout)) : null,
                parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, cancellationToken);
        });
        HelpWithExamples.AddTo(
            command,
            "meridian-server drain --region westeurope --wait                          before its machine goes down",
            "meridian-server drain --region westeurope --silo 127.0.0.1:8201 --wait    one silo: its replicas move first",
            "meridian-server drain --region westeurope --model minilm --replica 0      replaces a replica",
            "meridian-server drain --region westeurope --undo                          it takes traffic again");
        return command;
    }

    private static async Task<int> RunAsync(
        Uri address, Dictionary<string, object?> target, Dictionary<string, object?>? order, TimeSpan? wait, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(15) };
        try
        {
            using var answer = order is null
                ? await http.DeleteAsync(new Uri(address, $"?{string.Join('&', target.Select(static part => $"{part.Key}={Uri.EscapeDataString(part.Value!.ToString()!)}"))}"), cancellationToken)
                : await http.PostAsJsonAsync(address, order, cancellationToken);
            if (!answer.IsSuccessStatusCode)
            {
                await error.WriteLineAsync(await ReasonAsync(answer, cancellationToken));
                return (int)answer.StatusCode < 500 ? ExitCode.Mistake : ExitCode.Unavailable;
            }

            using var status = await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync(cancellationToken), cancellationToken: cancellationToken);
            if (order is null)
            {
                await output.WriteLineAsync("Open again.");
                return ExitCode.Ok;
            }

            await output.WriteLineAsync($"Draining. {Progress(Find(status, target))}");
            return wait is { } limit ? await WaitAsync(http, address, target, limit, output, error, cancellationToken) : ExitCode.Ok;
        }
        catch (Exception e) when (e is HttpRequestException or JsonException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            await error.WriteLineAsync($"The region's facade at {address.GetLeftPart(UriPartial.Authority)} does not answer: {e.Message}");
            return ExitCode.Unavailable;
        }
    }

    private static async Task<int> WaitAsync(
        HttpClient http, Uri address, Dictionary<string, object?> target, TimeSpan limit, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        var started = time.GetTimestamp();
        var said = "";
        while (time.GetElapsedTime(started) < limit)
        {
            using var answer = await http.GetAsync(address, cancellationToken);
            if (answer.IsSuccessStatusCode)
            {
                using var status = await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync(cancellationToken), cancellationToken: cancellationToken);
                if (Find(status, target) is not { } drain)
                {
                    // Somebody took the drain back, or the drained silo has stopped since.
                    await output.WriteLineAsync("It is not being drained any more.");
                    return ExitCode.Ok;
                }

                if (drain.GetProperty("state").GetString() == "empty")
                {
                    await output.WriteLineAsync($"Empty after {time.GetElapsedTime(started).TotalSeconds:0.0} s.");
                    return ExitCode.Ok;
                }

                var progress = Progress(drain);
                if (progress != said) await output.WriteLineAsync(progress);
                said = progress;
            }

            await Task.Delay(Pause, time, cancellationToken);
        }

        await error.WriteLineAsync($"Not empty after {limit.TotalSeconds:0} s. {said} It goes on draining; --undo takes it back.");
        return ExitCode.Unavailable;
    }

    private static JsonElement? Find(JsonDocument status, Dictionary<string, object?> target)
    {
        foreach (var drain in status.RootElement.GetProperty("drains").EnumerateArray())
        {
            if (target.All(part => drain.TryGetProperty(part.Key, out var value) && value.ToString() == part.Value!.ToString())) return drain;
        }

        return null;
    }

    private static string Progress(JsonElement? drain)
    {
        if (drain is not { } known) return "";
        var running = known.GetProperty("running");
        var unheard = known.GetProperty("unheard").GetInt32();
        return $"{running.GetProperty("embeddings")} embeddings, {running.GetProperty("conversions")} conversions, {running.GetProperty("streams")} streams under way; {running.GetProperty("replicas")} replicas"
            + (unheard > 0 ? $"; {unheard} silos not heard yet." : ".");
    }

    private static async Task<string> ReasonAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var body = await answer.Content.ReadAsStringAsync(cancellationToken);
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.GetProperty("error").GetProperty("message").GetString() ?? body;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return $"The facade answered {(int)answer.StatusCode}: {body}";
        }
    }
}

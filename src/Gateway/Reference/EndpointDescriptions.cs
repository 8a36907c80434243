using System.Globalization;
using Meridian.Gateway.Admin.Draining;
using Meridian.Gateway.Admin.Records;
using Meridian.Gateway.Admin.Regions;
using Meridian.Gateway.Admin.Scaling;
using Meridian.Gateway.Errors;
using Meridian.Gateway.Explain;
using Meridian.Gateway.Health;
using Meridian.Gateway.OpenAi.Models;
using Meridian.Gateway.OpenAi.Tokenization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;

namespace Meridian.Gateway.Reference;

/// <summary>
/// Describes every route for the API reference. The routes are plain request delegates, so the descriptions are given here. None of this code runs during a
/// request.
/// </summary>
internal static class EndpointDescriptions
{
    private const string GenerationTag = "Text generation";
    private const string ModelsTag = "Models";
    private const string AdminTag = "Administration";
    private const string HealthTag = "Health";

    private static readonly Answer[] Changed =
    [
        new(StatusCodes.Status200OK, typeof(ChangeReport), "The change is durable; `etag` is the record's new epoch."),
        new(StatusCodes.Status400BadRequest, typeof(ErrorBody), "The record or a header is wrong."),
        new(StatusCodes.Status404NotFound, typeof(ErrorBody), "`record_not_found`, `unknown_kind` or `ask_region`."),
        new(StatusCodes.Status409Conflict, typeof(ErrorBody), "`request_id_reused`: the request id was sent with another change. `no_intent_log`: the installation has no log."),
        new(StatusCodes.Status412PreconditionFailed, typeof(ErrorBody), "`epoch_conflict`: the record has changed meanwhile."),
        new(StatusCodes.Status503ServiceUnavailable, typeof(ErrorBody), "`no_quorum`: no majority within reach; the message says whether the change may still be made."),
    ];

    private static readonly Answer[] Voted =
    [
        new(StatusCodes.Status204NoContent, typeof(void), "Done."),
        new(StatusCodes.Status404NotFound, typeof(ErrorBody), "`ask_region`, or `voter_not_found` for a name that no voter has."),
        new(StatusCodes.Status400BadRequest, typeof(ErrorBody), "`invalid_voter`, or `not_supported` where the log is etcd's."),
        new(StatusCodes.Status503ServiceUnavailable, typeof(ErrorBody), "`no_quorum`: no majority within reach, or the newcomer cannot be reached."),
    ];

    public static void DescribeEmbeddings(this IEndpointConventionBuilder route) => route
        .Describe("createEmbedding", "Embeddings", "Embed texts", "Turns each text, or each array of token ids, into a vector. The vectors come in the order of the input.")
        .Answers(EmbeddingsOperation.Answers)
        .Operation(EmbeddingsOperation.Describe);

    public static void DescribeChatCompletions(this IEndpointConventionBuilder route) => route
        .Describe("createChatCompletion", GenerationTag, "Answer a conversation", "Continues a conversation with the assistant's turn, in one piece or streamed. A stream that cannot go on ends with an event `{\"error\":{...}}` and without `[DONE]`.")
        .Answers(GenerationOperations.Answers)
        .Operation(GenerationOperations.Chat);

    public static void DescribeCompletions(this IEndpointConventionBuilder route) => route
        .Describe("createCompletion", GenerationTag, "Continue texts", "Continues each text, or each array of token ids, in one piece or streamed. A stream that cannot go on ends with an event `{\"error\":{...}}` and without `[DONE]`.")
        .Answers(GenerationOperations.Answers)
        .Operation(GenerationOperations.Completions);

    public static void DescribeTokenize(this IEndpointConventionBuilder route) => route
        .Describe("tokenize", GenerationTag, "Tokens of a text", "Turns a text or a conversation into the token ids that the model would be given.")
        .Answers(InferenceOperation.Answers(typeof(TokenizeResponse), "The tokens."))
        .Operation(GenerationOperations.Tokenize);

    public static void DescribeDetokenize(this IEndpointConventionBuilder route) => route
        .Describe("detokenize", GenerationTag, "Text of tokens", "Turns token ids into text.")
        .Answers(InferenceOperation.Answers(typeof(DetokenizeResponse), "The text."))
        .Operation(GenerationOperations.Detokenize);

    public static void DescribeModelList(this IEndpointConventionBuilder route) => route
        .Describe("listModels", ModelsTag, "List models", "The models that the installation serves.")
        .Answers(new Answer(StatusCodes.Status200OK, typeof(ModelList), "The models."));

    public static void DescribeModel(this IEndpointConventionBuilder route) => route
        .Describe("retrieveModel", ModelsTag, "Look up a model", "One model. A slash in its id may be url-encoded.")
        .WithModelId()
        .Answers(
            new Answer(StatusCodes.Status200OK, typeof(ModelObject), "The model."),
            new Answer(StatusCodes.Status404NotFound, typeof(ErrorBody), "`model_not_found`: there is no such model."));

    public static void DescribeHealth(this IEndpointConventionBuilder route) => route
        .Describe("health", HealthTag, "Does the process run", "Answers as long as the process runs.")
        .Answers(new Answer(StatusCodes.Status200OK, typeof(HealthReport), "It runs."));

    public static void DescribeReadiness(this IEndpointConventionBuilder route) => route
        .Describe("readiness", HealthTag, "Can it serve", "A front door is ready as soon as one region is, a region's facade as soon as its own region is: it has a model with a ready replica.")
        .Answers(
            new Answer(StatusCodes.Status200OK, typeof(ReadyReport), "It can serve."),
            new Answer(StatusCodes.Status503ServiceUnavailable, typeof(ReadyReport), "It cannot; `missing` says why."));

    public static void DescribeRegions(this IEndpointConventionBuilder route) => route
        .Describe("listRegions", AdminTag, "List regions", "Regions, their models and load, as this edge sees them.")
        .Answers(new Answer(StatusCodes.Status200OK, typeof(RegionsReport), "The regions."));

    public static void DescribeExplain(this IEndpointConventionBuilder route) => route
        .Describe("explainRoute", AdminTag, "Explain a decision", "Says which region this edge would choose for a request, which others it would try, why the rest is dropped, and which rules bind the data. Sends nothing.")
        .Answers(
            new Answer(StatusCodes.Status200OK, typeof(ExplainReport), "The decision with its reasons."),
            new Answer(StatusCodes.Status400BadRequest, typeof(ErrorBody), "A parameter is wrong or missing; `param` names it."))
        .AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Parameters ??= [];
            operation.Parameters.Add(Query("model", "Name of a model.", required: true));
            operation.Parameters.Add(Query("version", "Version that must serve."));
            operation.Parameters.Add(Query("variant", "Variant (precision) that must serve."));
            operation.Parameters.Add(Query("residency", "Jurisdictions that the caller narrows to, for example `eu,us`."));
            operation.Parameters.Add(Query("tenant", "Tenant of the request. Absent: yours."));
            operation.Parameters.Add(Query("address", "Network address of the caller, for the geofence. Absent: yours."));
            operation.Parameters.Add(Query("tier", "`service_tier` of the request, for example `flex`."));
            operation.Parameters.Add(Query("affinity", "`x-meridian-session` or `prompt_cache_key` of the request."));
            return Task.CompletedTask;
        });

    public static void DescribeScale(this IEndpointConventionBuilder route) => route
        .Describe("scaleModel", AdminTag, "Change a model's replicas", "Sets the number of replicas that this region runs. Durable when answered. Only a region's own facade does this.")
        .WithModelId()
        .Answers(
            new Answer(StatusCodes.Status200OK, typeof(ScaleReport), "The acknowledged change; the first outcome where the operation id is repeated."),
            new Answer(StatusCodes.Status400BadRequest, typeof(ErrorBody), "The order is wrong; `param` names the field."),
            new Answer(StatusCodes.Status404NotFound, typeof(ErrorBody), "`model_not_found`, or `ask_region` at a front door, naming the regions' facades."),
            new Answer(StatusCodes.Status409Conflict, typeof(ErrorBody), "`request_id_reused`: the operation id was sent with another order."))
        .AddOpenApiOperationTransformer(async (operation, context, cancellationToken) =>
        {
            context.Document!.AddComponent(nameof(ScaleOrder), await context.GetOrCreateSchemaAsync(typeof(ScaleOrder), null, cancellationToken));
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = new() { Schema = new OpenApiSchemaReference(nameof(ScaleOrder), context.Document) } },
            };
        });

    public static void DescribeScaleHistory(this IEndpointConventionBuilder route) => route
        .Describe("listModelScaling", AdminTag, "Changes of a model's replicas", "The most recent changes in this region, oldest first.")
        .WithModelId()
        .Answers(
            new Answer(StatusCodes.Status200OK, typeof(ScaleHistory), "The changes."),
            new Answer(StatusCodes.Status404NotFound, typeof(ErrorBody), "`model_not_found`, or `ask_region` at a front door, naming the regions' facades."));

    public static void DescribeDrain(this IEndpointConventionBuilder route) => route
        .Describe("drain", AdminTag, "Drain a region, a silo or a replica", "Takes nothing new, finishes or moves what runs, and says when it is empty. Repeated, it gives a new deadline. Only a region's own facade does this.")
        .Answers(
            new Answer(StatusCodes.Status200OK, typeof(DrainStatus), "The drain has begun; GET says how far it is."),
            new Answer(StatusCodes.Status400BadRequest, typeof(ErrorBody), "The order is wrong, there is no such silo or replica, or it is the region's last silo; `param` names the field."),
            new Answer(StatusCodes.Status404NotFound, typeof(ErrorBody), "`model_not_found`, or `ask_region` at a front door, naming the regions' facades."),
            new Answer(StatusCodes.Status503ServiceUnavailable, typeof(ErrorBody), "No silo of the region answered, or its store did not take a sticky drain."))
        .AddOpenApiOperationTransformer(async (operation, context, cancellationToken) =>
        {
            context.Document!.AddComponent(nameof(DrainRequest), await context.GetOrCreateSchemaAsync(typeof(DrainRequest), null, cancellationToken));
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = new() { Schema = new OpenApiSchemaReference(nameof(DrainRequest), context.Document) } },
            };
        });

    public static void DescribeDrainStatus(this IEndpointConventionBuilder route) => route
        .Describe("getDrain", AdminTag, "Look at drains", "What is drained in this region, how far it is, and what runs in its silos.")
        .Answers(
            new Answer(StatusCodes.Status200OK, typeof(DrainStatus), "The drains."),
            new Answer(StatusCodes.Status404NotFound, typeof(ErrorBody), "`ask_region` at a front door, naming the regions' facades."),
            new Answer(StatusCodes.Status503ServiceUnavailable, typeof(ErrorBody), "No silo of the region answered."));

    public static void DescribeEndDrain(this IEndpointConventionBuilder route) => route
        .Describe("endDrain", AdminTag, "Take a drain back", "The region, silo or replica that the query names (`scope`, default region; `silo`; `model` and `replica`) is open again.")
        .Answers(
            new Answer(StatusCodes.Status200OK, typeof(DrainStatus), "What is still drained."),
            new Answer(StatusCodes.Status400BadRequest, typeof(ErrorBody), "The query is wrong; `param` names the field."),
            new Answer(StatusCodes.Status404NotFound, typeof(ErrorBody), "`ask_region` at a front door, naming the regions' facades."),
            new Answer(StatusCodes.Status503ServiceUnavailable, typeof(ErrorBody), "No silo of the region answered, or its store did not take the end of a sticky drain."));

    public static void DescribeDirectory(this IEndpointConventionBuilder route) => route
        .Describe("getDirectory", AdminTag, "Look at the intent log", "How the replicated log stands in this region's eyes, and all its records. Only a region's process that keeps the log answers.")
        .Answers(
            new Answer(StatusCodes.Status200OK, typeof(DirectoryReport), "The log."),
            new Answer(StatusCodes.Status404NotFound, typeof(ErrorBody), "`ask_region`: this process does not keep the log."));

    public static void DescribeDrift(this IEndpointConventionBuilder route) => route
        .Describe("getDrift", AdminTag, "Compare settings and log", "Where this process's settings and the intent log differ. The log decides; settings only propose models and tenants once.")
        .Answers(
            new Answer(StatusCodes.Status200OK, typeof(DriftReport), "The differences."),
            new Answer(StatusCodes.Status404NotFound, typeof(ErrorBody), "`ask_region`: this process does not keep the log."));

    public static void DescribeAdopt(this IEndpointConventionBuilder route) => route
        .Describe("adoptRecord", AdminTag, "Adopt a record of the settings", "Writes the record of this process's settings into the log, as writing one does. Kinds: `model`, `deployment`, `tenant`.")
        .WithRecord(body: false)
        .Answers(Changed);

    public static void DescribeRecord(this IEndpointConventionBuilder route) => route
        .Describe("getRecord", AdminTag, "Read a record", "A record of the intent log as this region's copy has it; `etag` is its epoch.")
        .WithRecord(body: false)
        .Answers(
            new Answer(StatusCodes.Status200OK, typeof(RecordReport), "The record."),
            new Answer(StatusCodes.Status404NotFound, typeof(ErrorBody), "`record_not_found`, `unknown_kind` or `ask_region`."));

    public static void DescribePutRecord(this IEndpointConventionBuilder route) => route
        .Describe("putRecord", AdminTag, "Write a record", "Through any region; on the disks of a majority when answered. `if-match` (an epoch) or `if-none-match: *` make it a compare-and-set; a repeat with the same `x-request-id` is made once.")
        .WithRecord(body: true)
        .Answers(Changed);

    public static void DescribeDeleteRecord(this IEndpointConventionBuilder route) => route
        .Describe("deleteRecord", AdminTag, "Delete a record", "As writing one. A member that is deleted does not come back by starting again, until its record of kind `removed` is deleted.")
        .WithRecord(body: false)
        .Answers(Changed);

    public static void DescribeAddVoter(this IEndpointConventionBuilder route) => route
        .Describe("addVoter", AdminTag, "Add a voter", "Lets a region or a witness vote in the intent log, once it has caught up.")
        .WithName()
        .Answers(Voted);

    public static void DescribeRemoveVoter(this IEndpointConventionBuilder route) => route
        .Describe("removeVoter", AdminTag, "Remove a voter", "Until it is added again. Before a region is taken down for ever, so that the majority is one of those that remain.")
        .WithName()
        .Answers(Voted);

    private static IEndpointConventionBuilder WithName(this IEndpointConventionBuilder route) => route.AddOpenApiOperationTransformer((operation, _, _) =>
    {
        operation.Parameters ??= [];
        operation.Parameters.Add(new OpenApiParameter { Name = "name", In = ParameterLocation.Path, Required = true, Description = "Name of the voter.", Schema = CommonHeaders.Text() });
        return Task.CompletedTask;
    });

    private static IEndpointConventionBuilder WithRecord(this IEndpointConventionBuilder route, bool body) => route.AddOpenApiOperationTransformer((operation, _, _) =>
    {
        operation.Parameters ??= [];
        operation.Parameters.Add(new OpenApiParameter { Name = "kind", In = ParameterLocation.Path, Required = true, Description = $"One of {string.Join(", ", RecordKind.Names.Select(name => $"`{name}`"))}.", Schema = CommonHeaders.Text() });
        operation.Parameters.Add(new OpenApiParameter { Name = "name", In = ParameterLocation.Path, Required = true, Description = "Name of the record.", Schema = CommonHeaders.Text() });
        if (body)
        {
            operation.Parameters.Add(new OpenApiParameter { Name = "pending", In = ParameterLocation.Query, Description = "`true` takes a record that names others which do not exist yet.", Schema = CommonHeaders.Text() });
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Description = "The record, as reading it shows it in `value`.",
                Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = new() { Schema = new OpenApiSchema { Type = JsonSchemaType.Object } } },
            };
        }

        return Task.CompletedTask;
    });

    private static IEndpointConventionBuilder Describe(this IEndpointConventionBuilder route, string name, string tag, string summary, string description)
    {
        // The document lists only endpoints that name a method. Routing adds that method only for handlers with parameter binding, so it is added here.
        route.Add(endpoint => endpoint.Metadata.Add(((RouteEndpointBuilder)endpoint).RequestDelegate!.Method));
        return route.WithName(name).WithTags(tag).WithSummary(summary).WithDescription(description);
    }

    private static OpenApiParameter Query(string name, string description, bool required = false) =>
        new() { Name = name, In = ParameterLocation.Query, Description = description, Required = required, Schema = CommonHeaders.Text() };

    private static void Operation(this IEndpointConventionBuilder route, Action<OpenApiOperation, OpenApiDocument> describe) =>
        route.AddOpenApiOperationTransformer((operation, context, _) =>
        {
            describe(operation, context.Document!);
            return Task.CompletedTask;
        });

    private static IEndpointConventionBuilder Answers(this IEndpointConventionBuilder route, params Answer[] answers)
    {
        foreach (var answer in answers)
        {
            route.WithMetadata(new ProducesResponseTypeMetadata(answer.Status, answer.Body, ["application/json"]));
        }

        return route.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            foreach (var answer in answers)
            {
                operation.Responses![answer.Status.ToString(CultureInfo.InvariantCulture)].Description = answer.Description;
            }

            return Task.CompletedTask;
        });
    }

    private static IEndpointConventionBuilder WithModelId(this IEndpointConventionBuilder route) => route.AddOpenApiOperationTransformer((operation, _, _) =>
    {
        operation.Parameters ??= [];
        operation.Parameters.Add(new OpenApiParameter { Name = "id", In = ParameterLocation.Path, Required = true, Description = "Name of the model, for example `minilm`.", Schema = CommonHeaders.Text() });
        return Task.CompletedTask;
    });
}

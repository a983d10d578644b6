using System.CommandLine;
using Helios.Peers;
using Helios.Peers.LlamaCpp;
using Helios.Peers.LlamaSharp;
using Helios.Peers.Measuring;
using Helios.Peers.Models;
using Helios.Peers.Reporting;
using Helios.Sdk;
using LLama.Exceptions;

var shape = new Option<string>("--shape") { Description = "Shape of the model.", DefaultValueFactory = _ => LlamaShape.Default.ToString() };
var model = new Option<FileInfo>("--model") { Description = "A GGUF file for both engines, instead of random weights of a shape." }.AcceptExistingOnly();
var precisions = new Option<string?>("--precision") { Description = "Precisions of ours, comma-separated: bf16,int8,int4, or auto with --model." };
var peer = new Option<string>("--peer") { Description = "Which build of llama.cpp: that of node-llama-cpp, or LLamaSharp's.", DefaultValueFactory = _ => "node-llama-cpp" };
peer.AcceptOnlyFromAmong("node-llama-cpp", "llamasharp");
var threads = new Option<int>("--threads") { Description = "Threads of either engine.", DefaultValueFactory = _ => 2 };
var rounds = new Option<int>("--rounds") { Description = "Measured rounds.", DefaultValueFactory = _ => 9 };
var shortContext = new Option<bool>("--short-context") { Description = "Leave the points at context 2,048 out." };
var folder = new Option<string>("--folder") { Description = "Where the package and the models are kept.", DefaultValueFactory = _ => Path.Combine("artifacts", "peers") };
var json = new Option<bool>("--json") { Description = "Report as JSON." };
foreach (var option in new[] { threads, rounds })
{
    option.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<int>() is < 1 or > 1000) result.AddError($"{option.Name} lies in 1..1000.");
    });
}

var root = new RootCommand("Compares the CPU backend with llama.cpp on the same weights, in one interleaved run.")
{
    shape, model, precisions, peer, threads, rounds, shortContext, folder, json,
};
root.SetAction(async (parsed, _) =>
{
    try
    {
        var home = Path.GetFullPath(parsed.GetValue(folder)!);
        var file = parsed.GetValue(model);
        var names = (parsed.GetValue(precisions) ?? (file is null ? "bf16,int8,int4" : "auto")).Split(',');
        return await CompareAsync(new Settings(
            file is null ? new RandomModel(home, LlamaShape.Parse(parsed.GetValue(shape)!)) : new ModelFile(file.FullName),
            [.. names.Select(name => file is null ? PrecisionPair.Parse(name) : PrecisionPair.ForFile(name))],
            parsed.GetValue(peer)!,
            parsed.GetValue(threads),
            parsed.GetValue(rounds),
            LongContext: !parsed.GetValue(shortContext),
            home,
            parsed.GetValue(json)));
    }
    catch (Exception error) when (error is PeerException or CheckpointException or RuntimeError or LoadWeightsFailedException or IOException or UnauthorizedAccessException or DllNotFoundException or EntryPointNotFoundException)
    {
        await Console.Error.WriteLineAsync($"peers: {error.Message.ReplaceLineEndings(" ")}");
        return 1;
    }
});
return await root.Parse(args).InvokeAsync();

static async Task<int> CompareAsync(Settings settings)
{
    using IPeer peer = settings.Peer == "llamasharp"
        ? new LlamaSharpPeer(settings.Threads)
        : new LlamaLibrary(LlamaPackage.Install(settings.Folder), settings.Threads);
    var results = new List<PairResult>();
    foreach (var pair in settings.Pairs)
    {
        await Console.Error.WriteLineAsync($"peers: {pair} ...");
        results.Add(await new PairRun(pair, settings.Model, peer, settings).RunAsync());
    }

    Action<TextWriter, Settings, PeerBuild, IReadOnlyList<PairResult>> write = settings.Json ? JsonReport.Write : TextReport.Write;
    write(Console.Out, settings, peer.Build, results);
    return results.Any(result => result.Agreement is { Holds: false }) ? 1 : 0;
}

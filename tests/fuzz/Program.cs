using System.Globalization;
using Helios.Fuzz;
using Helios.Fuzz.Targets;
using SharpFuzz;

// Helios.Fuzz [TARGET] [--seconds N] [--seed N]   the corpus, and inputs made of it for so long (10 s a target)
// Helios.Fuzz TARGET FILE...                      these inputs alone
// Helios.Fuzz TARGET --afl                        inputs that afl-fuzz sends; see the script `afl`
if (args.Contains("--afl", StringComparer.Ordinal))
{
    // Instrumented code may only run once the fuzzer's memory is there, so the target is opened by the first input.
    OpenTarget? attacked = null;
    Fuzzer.OutOfProcess.Run(stream =>
    {
        attacked ??= AllTargets.Open(args[0]);
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        if (attacked.Target.Try(copy.ToArray()) is { } finding) throw new InvalidOperationException(finding.Message, finding);
    });
    attacked?.Dispose();
    return 0;
}

var names = args.TakeWhile(argument => !argument.StartsWith('-')).ToList();
if (names.Count > 0 && !AllTargets.Names.Contains(names[0], StringComparer.Ordinal))
{
    Console.Error.WriteLine($"There is no target '{names[0]}'. Targets: {string.Join(", ", AllTargets.Names)}.");
    return 2;
}

var seconds = TimeSpan.FromSeconds(Number("--seconds", 10));
var seed = Number("--seed", 1);
var (passed, failed) = (0, 0);
Parallel.ForEach(names.Count > 0 ? names.Take(1) : AllTargets.Names, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, name =>
{
    using var opened = AllTargets.Open(name);
    using var run = new FuzzRun(opened.Target);
    if (names.Count > 1)
    {
        foreach (var file in names.Skip(1)) run.Run(file, File.ReadAllBytes(file));
    }
    else
    {
        run.Run(seconds, seed);
    }

    Console.WriteLine($"  {name}: {run.Inputs} inputs, {run.Findings.Count} findings");
    if (run.Findings.Count == 0) Interlocked.Increment(ref passed);
    else Interlocked.Increment(ref failed);
});
Console.WriteLine($"{(failed == 0 ? "Passed" : "Failed")}!  - Failed: {failed}, Passed: {passed}, Skipped: 0, Total: {passed + failed}");
return failed == 0 ? 0 : 1;

int Number(string option, int otherwise)
{
    var at = Array.IndexOf(args, option);
    return at < 0 ? otherwise : int.Parse(args[at + 1], CultureInfo.InvariantCulture);
}

using System.Diagnostics;
using System.Security.Cryptography;

namespace Helios.Fuzz;

/// <summary>
/// One target under its corpus and inputs made of it. What ends the process (a stack that overflows, an input that takes too long)
/// leaves its input as <c>last</c> in the folder of findings.
/// </summary>
internal sealed class FuzzRun(FuzzTarget target) : IDisposable
{
    /// <summary>An input takes milliseconds; the machine may be busy.</summary>
    private static readonly TimeSpan TooLong = TimeSpan.FromSeconds(60);

    private const long AllocatedAtLeast = 256L << 20;
    private const int AllocatedPerByte = 4096;

    /// <summary>A thread of a server may have as little.</summary>
    private const int StackBytes = 1 << 20;

    private readonly string folder = Directory.CreateDirectory(Path.Combine(Corpus.Root, "artifacts", "fuzz", target.Name)).FullName;
    private readonly List<string> findings = [];
    private FileStream? last;
    private long startedAt;

    /// <summary>Files of inputs that were findings.</summary>
    public IReadOnlyList<string> Findings => findings;

    public int Inputs { get; private set; }

    /// <summary>Runs the corpus, and for a time what a mutator makes of it, on a thread of its own.</summary>
    public void Run(TimeSpan time, int seed)
    {
        using var watch = new Timer(_ => EndIfTooLong(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        var thread = new Thread(() => RunAll(time, seed), StackBytes);
        thread.Start();
        thread.Join();
    }

    /// <summary>Runs one input.</summary>
    public void Run(string name, byte[] input)
    {
        last ??= new FileStream(Path.Combine(folder, "last"), FileMode.Create, FileAccess.Write, FileShare.Read);
        last.SetLength(0);
        last.Write(input);
        last.Flush();

        Inputs++;
        var before = GC.GetAllocatedBytesForCurrentThread();
        Volatile.Write(ref startedAt, Stopwatch.GetTimestamp());
        var finding = target.Try(input);
        Volatile.Write(ref startedAt, 0);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (finding is null && allocated > AllocatedAtLeast + (long)AllocatedPerByte * input.Length) finding = new InvalidOperationException($"{input.Length} bytes of input made it allocate {allocated >> 20} MiB.");
        if (finding is not null) Keep(name, input, finding);
    }

    public void Dispose()
    {
        if (last is null) return;
        last.Dispose();
        File.Delete(last.Name);
    }

    private void RunAll(TimeSpan time, int seed)
    {
        var corpus = Corpus.Of(target.Name);
        foreach (var (name, bytes) in corpus) Run(name, bytes);

        var mutator = new Mutator([.. corpus.Select(entry => entry.Bytes)], seed);
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < time;) Run("a mutation", mutator.Next());
    }

    private void Keep(string name, byte[] input, Exception finding)
    {
        var file = Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData(input))[..16]);
        File.WriteAllBytes(file, input);
        if (findings.Count < 5) Console.WriteLine($"  Failed {target.Name} by {name}: {finding.GetType().Name}: {finding.Message}\n{finding.StackTrace}\n  Kept as {file}");
        findings.Add(file);
    }

    private void EndIfTooLong()
    {
        var started = Volatile.Read(ref startedAt);
        if (started == 0 || Stopwatch.GetElapsedTime(started) < TooLong) return;
        Console.WriteLine($"  Failed {target.Name}: an input takes more than {TooLong.TotalSeconds:0} s. It is {last!.Name}.");
        Environment.Exit(1);
    }
}

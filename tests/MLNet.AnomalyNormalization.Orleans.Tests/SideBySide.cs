// Most of the time is spent on waiting for clusters that are lost or silent.
[assembly: Parallelize(Workers = 4, Scope = ExecutionScope.MethodLevel)]
